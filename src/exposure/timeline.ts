import type { ExposureFacts } from './facts.js';

/** Milliseconds since the Unix epoch; the end is not part of it. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * When a brand was on one stream's screen. The axis is wall time, since it is the only one that sessions share; lengths are
 * those of media time, so that no clock that is set right on the way makes anything longer.
 */
export interface Segment extends Span {
  /** Share of this time in which the brand was seen, 0..1. */
  readonly share: number;
  /** Share of the source's frames that were looked at, 0..1. */
  readonly coverage: number;
  /** The appearance that was seen most here: how large and where the brand was. */
  readonly fact: ExposureFacts;
  /** Which of the timeline's appearances this is part of: 0, 1, 2, ... */
  readonly appearance: number;
}

export interface Timeline {
  readonly label: string;
  /** In order, apart from each other or touching; none is empty. */
  readonly segments: readonly Segment[];
  /** Appearances; those that overlap are one. */
  readonly appearances: number;
  /** When those of no length were, milliseconds since the epoch. */
  readonly instants: readonly number[];
  /** From the start of the first to the end of the last, milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Where an appearance lies in wall time; its length is that of media time. */
export function spanOf({ startTime, startPtsMs, endPtsMs }: ExposureFacts): Span {
  const startMs = Date.parse(startTime);
  return { startMs, endMs: startMs + Math.max(0, endPtsMs - startPtsMs) };
}

/** A segment that does not know its appearance yet. */
type Open = Omit<Segment, 'appearance'> & { appearance: number };

/** Where an appearance lies, and which share of it was seen. Where inside it the logo was out of sight is not known. */
function segmentOf(fact: ExposureFacts): Open {
  const { startMs, endMs } = spanOf(fact);
  const lengthMs = endMs - startMs;
  const share = lengthMs === 0 ? 0 : Math.min(1, Math.max(0, fact.exposureMs / lengthMs));
  return { startMs, endMs, share, coverage: fact.coverage, fact, appearance: 0 };
}

/**
 * The appearances of one brand on one stream, last revisions only, as one line: where several overlap (the same programme
 * read twice, or found by two models), the one that was seen most stands for all. docs/exposure.md has the formula.
 * @param appearances at least one
 */
export function timelineOf(appearances: readonly ExposureFacts[]): Timeline {
  const all = appearances.map(segmentOf).sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const segments: Segment[] = [];
  const instants: number[] = [];
  let count = 0;
  let reached = Number.NEGATIVE_INFINITY;
  let cluster: Segment[] = [];
  const close = () => {
    for (const segment of flatten(cluster, stronger)) segments.push(segment);
    cluster = [];
  };
  for (const segment of all) {
    const isNew = segment.startMs >= reached;
    if (isNew) {
      if (cluster.length > 0) close();
      count++;
    }
    segment.appearance = count - 1;
    if (segment.endMs > segment.startMs) cluster.push(segment);
    else if (isNew) instants.push(segment.startMs);
    reached = Math.max(reached, segment.endMs);
  }
  if (cluster.length > 0) close();
  const [{ startMs: firstMs, fact }] = all as [Segment];
  return { label: fact.label, segments, appearances: count, instants, firstMs, lastMs: reached };
}

/** The one that was seen more; of two alike the larger, clearer, then any, but the same in whatever order they come. */
function stronger(a: Segment, b: Segment): Segment {
  const [first, second] = [rankOf(a), rankOf(b)];
  const at = first.findIndex((value, i) => value !== second[i]);
  const winner = at < 0 || first[at]! > second[at]! ? a : b;
  return { ...winner, coverage: Math.max(a.coverage, b.coverage) };
}

const rankOf = ({ share, fact }: Segment): number[] => [
  share,
  fact.areaMean,
  fact.meanScore,
  ...fact.meanBox,
];

/**
 * Spans that overlap, cut at each other's edges; `choose` says what stands for two of them at once.
 * @param spans by start
 */
export function flatten<T extends Span>(spans: readonly T[], choose: (a: T, b: T) => T): T[] {
  if (spans.length === 1) return spans as T[];
  const edges = [...new Set(spans.flatMap(({ startMs, endMs }) => [startMs, endMs]))].sort((a, b) => a - b);
  const pieces: T[] = [];
  let active: T[] = [];
  let next = 0;
  for (let i = 0; i + 1 < edges.length; i++) {
    const [startMs, endMs] = [edges[i]!, edges[i + 1]!];
    active = active.filter((s) => s.endMs > startMs);
    for (; next < spans.length && spans[next]!.startMs <= startMs; next++) active.push(spans[next]!);
    if (active.length > 0) pieces.push({ ...active.reduce(choose), startMs, endMs });
  }
  return pieces;
}

export const seenMs = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { startMs, endMs, share }) => sum + share * (endMs - startMs), 0);

/** Mean over the time on screen; null where there is none. */
export function meanCoverage(segments: readonly Segment[]): number | null {
  const lengthMs = segments.reduce((sum, s) => sum + s.endMs - s.startMs, 0);
  if (lengthMs === 0) return null;
  return segments.reduce((sum, s) => sum + s.coverage * (s.endMs - s.startMs), 0) / lengthMs;
}
