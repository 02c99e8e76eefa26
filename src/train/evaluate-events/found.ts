import type { Appearance } from '../../core/appearance.js';
import type { FoundSpan } from './spans.js';

/**
 * The appearances of a run from all their revisions, in media time. An appearance that never ended lasts to
 * `duration` (seconds); it was reported when the frame that opened it was over.
 */
export function foundSpans(events: readonly Appearance[], duration: number): FoundSpan[] {
  const last = new Map<string, Appearance>();
  const reportedAt = new Map<string, number>();
  for (const event of events) {
    const known = last.get(event.id);
    if (known === undefined || event.revision >= known.revision) last.set(event.id, event);
    if (event.state === 'started') reportedAt.set(event.id, event.endPtsMs / 1000);
  }
  return [...last.values()].map(({ id, label, startPtsMs, endPtsMs, state }) => {
    const end = state === 'ended' ? endPtsMs / 1000 : Math.max(duration, endPtsMs / 1000);
    return { label, start: startPtsMs / 1000, end, reportedAt: reportedAt.get(id) ?? end };
  });
}
