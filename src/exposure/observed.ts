import { flatten, type Span } from './timeline.js';
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

export interface Observed extends Span {
  readonly coverage: number;
}

/** One stream's spans in order, none over another: of those that overlap the better counts. */
export function observedOf(spans: readonly ObservedSpan[], streamId: string, window: Window): Observed[] {
  const own = spans
    .filter((s) => s.streamId === streamId)
    .flatMap(({ startTime, endTime, coverage }) => {
      const span = { startMs: Date.parse(startTime), endMs: Date.parse(endTime), coverage };
      return span.endMs > span.startMs ? (clipSpan(span, window) ?? []) : [];
    })
    .sort((a, b) => a.startMs - b.startMs);
  return flatten(own, (a, b) => (a.coverage >= b.coverage ? a : b));
}
