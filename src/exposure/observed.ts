import { flatten, type Segment } from './timeline.js';
import { clipSpan, type Window } from './window.js';

/** When a stream was looked at: from the start of a session to its end, or to an outage. */
export interface ObservedSpan {
  readonly streamId: string;
  /** ISO 8601, UTC. */
  readonly startTime: string;
  readonly endTime: string;
  /** Share of the source's frames that were looked at, 0..1. */
  readonly coverage: number;
}

/** One stream's spans in order, none over another: of those that overlap the better counts. */
export function observedOf(spans: readonly ObservedSpan[], streamId: string, window: Window): Segment[] {
  const own = spans
    .filter((s) => s.streamId === streamId)
    .flatMap(({ startTime, endTime, coverage }) => {
      const span = { startMs: Date.parse(startTime), endMs: Date.parse(endTime), coverage, share: 1 };
      return span.endMs > span.startMs ? (clipSpan(span, window) ?? []) : [];
    })
    .sort((a, b) => a.startMs - b.startMs);
  return own.length === 0 ? [] : flatten(own);
}
