import type { ClockSource } from '../../core/frame.js';
import type { Box } from '../../core/geometry.js';

/** One frame in which one label was seen. */
export interface Sighting {
  readonly ptsUs: number;
  readonly wallTimeMs: number;
  readonly clock: ClockSource;
  readonly seq: number;
  /** Frames of the stream observed in this session so far, this one included. */
  readonly observed: number;
  /** Media time this frame stands for, microseconds. */
  readonly coverUs: number;
  readonly score: number;
  /** One of the marks reaches the brand's threshold by itself. */
  readonly confident: boolean;
  readonly box: Box;
  /** Share of the picture that all marks of the label cover together, 0..1. */
  readonly area: number;
}

/** What is known of an open appearance: sums and extremes, so that it is as small after an hour as at its start. */
export interface Exposure {
  readonly first: Sighting;
  readonly last: Sighting;
  readonly best: Sighting;
  readonly frames: number;
  /** Without the last sighting, whose cover is not final yet. */
  readonly coveredUs: number;
  readonly scoreSum: number;
  readonly boxSum: Box;
  readonly areaSum: number;
  readonly areaMax: number;
}

export function exposureOf(sighting: Sighting): Exposure {
  return {
    first: sighting,
    last: sighting,
    best: sighting,
    frames: 1,
    coveredUs: 0,
    scoreSum: sighting.score,
    boxSum: sighting.box,
    areaSum: sighting.area,
    areaMax: sighting.area,
  };
}

/** Sightings come in the order of media time; one that is not after the last is no news. */
export function extend(exposure: Exposure, sighting: Sighting): Exposure {
  if (sighting.ptsUs <= exposure.last.ptsUs) return exposure;
  const [x, y, w, h] = exposure.boxSum;
  const box = sighting.box;
  return {
    first: exposure.first,
    last: sighting,
    best: sighting.score > exposure.best.score ? sighting : exposure.best,
    frames: exposure.frames + 1,
    coveredUs: exposure.coveredUs + exposure.last.coverUs,
    scoreSum: exposure.scoreSum + sighting.score,
    boxSum: [x + box[0], y + box[1], w + box[2], h + box[3]],
    areaSum: exposure.areaSum + sighting.area,
    areaMax: Math.max(exposure.areaMax, sighting.area),
  };
}

/** Sightings of two marks of one label, each in order; one sighting a frame. */
export function merge(a: readonly Sighting[], b: readonly Sighting[]): readonly Sighting[] {
  const byTime = new Map(a.map((sighting) => [sighting.ptsUs, sighting]));
  for (const sighting of b) {
    const other = byTime.get(sighting.ptsUs);
    byTime.set(sighting.ptsUs, other === undefined ? sighting : both(other, sighting));
  }
  return [...byTime.values()].sort((x, y) => x.ptsUs - y.ptsUs);
}

function both(a: Sighting, b: Sighting): Sighting {
  const best = b.score > a.score ? b : a;
  return { ...best, coverUs: Math.max(a.coverUs, b.coverUs), area: Math.min(1, a.area + b.area) };
}

/** The last sighting's share of media time, now that the next frame is known. */
export function settle(exposure: Exposure, coverUs: number): Exposure {
  return { ...exposure, last: { ...exposure.last, coverUs } };
}

/** Media time just after the last frame that showed it. */
export const endUs = ({ last }: Exposure): number => last.ptsUs + last.coverUs;
