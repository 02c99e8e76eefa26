import type { ExposureFacts } from './facts.js';

/**
 * When a brand was on one stream's screen. The axis is wall time, since it is the only one that sessions share; lengths are
 * those of media time, so that no clock that is set right on the way makes anything longer.
 */
export interface Segment {
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** Share of this time in which the brand was seen, 0..1. */
  readonly share: number;
  /** Share of the source's frames that were looked at, 0..1. */
  readonly coverage: number;
}

export interface Timeline {
  /** In order, apart from each other or touching; none is empty. */
  readonly segments: readonly Segment[];
  /** Appearances; those that overlap are one. */
  readonly appearances: number;
  /** From the start of the first to the end of the last, milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Where an appearance lies, and which share of it was seen. Where inside it the logo was out of sight is not known. */
function segmentOf(fact: ExposureFacts): Segment {
  return segmentFrom(fact, Date.parse(fact.startTime));
}

/** The same of an appearance whose start is known in milliseconds since the epoch. */
export function segmentFrom(fact: ExposureFacts, startMs: number): Segment {
  const lengthMs = Math.max(0, fact.endPtsMs - fact.startPtsMs);
  const share = lengthMs === 0 ? 0 : Math.min(1, Math.max(0, fact.exposureMs / lengthMs));
  return { startMs, endMs: startMs + lengthMs, share, coverage: fact.coverage };
}

/**
 * The appearances of one brand on one stream, last revisions only, as one line: where several overlap (the same programme
 * read twice, or found by two models), the one that was seen most stands for all. docs/exposure.md has the formula.
 * @param appearances at least one
 */
export function timelineOf(appearances: readonly ExposureFacts[]): Timeline {
  return lineOf(appearances.map(segmentOf));
}

/** As `timelineOf`, of what is already known by its share. */
export function lineOf(appearances: readonly Segment[]): Timeline {
  const all = [...appearances].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const segments: Segment[] = [];
  let count = 0;
  let reached = Number.NEGATIVE_INFINITY;
  let cluster: Segment[] = [];
  const close = () => {
    if (cluster.length > 0) segments.push(...flatten(cluster));
    cluster = [];
  };
  for (const segment of all) {
    if (segment.startMs >= reached) {
      close();
      count++;
    }
    if (segment.endMs > segment.startMs) cluster.push(segment);
    reached = Math.max(reached, segment.endMs);
  }
  close();
  return { segments, appearances: count, firstMs: all[0]!.startMs, lastMs: reached };
}

/** Overlapping segments, by start, cut at each other's edges; of each piece the greatest share. */
export function flatten(cluster: readonly Segment[]): Segment[] {
  if (cluster.length === 1) return [...cluster];
  const edges = [...new Set(cluster.flatMap(({ startMs, endMs }) => [startMs, endMs]))].sort((a, b) => a - b);
  const pieces: Segment[] = [];
  let active: Segment[] = [];
  let next = 0;
  for (let i = 0; i + 1 < edges.length; i++) {
    const [startMs, endMs] = [edges[i]!, edges[i + 1]!];
    active = active.filter((s) => s.endMs > startMs);
    for (; next < cluster.length && cluster[next]!.startMs <= startMs; next++) active.push(cluster[next]!);
    if (active.length === 0) continue;
    const share = Math.max(...active.map((s) => s.share));
    const coverage = Math.max(...active.map((s) => s.coverage));
    pieces.push({ startMs, endMs, share, coverage });
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
