import type { Segment, Timeline } from './timeline.js';

/** Brands that are on screen together at once, by label; the same all through a piece of time. */
export type Visit<T> = (startMs: number, endMs: number, present: readonly T[]) => void;

/**
 * Goes once through the lines of one stream's brands, in the order of time, and calls `visit` for each piece in which
 * the same segments are there. Times in which there are none are left out.
 * @param open called once for each segment: what the visits are to be told of it
 */
export function sweep<T extends { readonly segment: Segment }>(
  lines: readonly Timeline[],
  open: (segment: Segment) => T,
  visit: Visit<T>,
): void {
  const waiting = lines.flatMap(({ segments }) => segments).sort(byStartThenLabel);
  let present: T[] = [];
  for (let next = 0, atMs = 0; next < waiting.length || present.length > 0; ) {
    if (present.length === 0) atMs = waiting[next]!.startMs;
    for (; next < waiting.length && waiting[next]!.startMs <= atMs; next++)
      present.push(open(waiting[next]!));
    let endMs = waiting[next]?.startMs ?? Number.POSITIVE_INFINITY;
    for (const { segment } of present) if (segment.endMs < endMs) endMs = segment.endMs;
    visit(atMs, endMs, present);
    atMs = endMs;
    present = present.filter(({ segment }) => segment.endMs > endMs);
  }
}

const byStartThenLabel = (a: Segment, b: Segment): number =>
  a.startMs - b.startMs || (a.fact.label < b.fact.label ? -1 : 1);
