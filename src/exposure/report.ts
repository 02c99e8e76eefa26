import type { ExposureFacts } from './facts.js';
import { meanCoverage, seenMs, type Timeline, timelineOf } from './timeline.js';

/** One brand on one stream. */
export interface BrandExposure {
  readonly streamId: string;
  readonly label: string;
  readonly appearances: number;
  /** Time in which it was seen, milliseconds; marks that are there at once count once. */
  readonly exposureMs: number;
  /** Share of the source's frames that were looked at while it was on screen, 0..1; null where it was there no time at all. */
  readonly coverage: number | null;
  /** Start of the first appearance and end of the last; ISO 8601, UTC. */
  readonly first: string;
  readonly last: string;
}

/** By stream, then brand. */
export type ExposureReport = readonly BrandExposure[];

/** @param appearances one revision of each id: the last */
export function exposureReport(appearances: readonly ExposureFacts[]): ExposureReport {
  const groups = new Map<string, ExposureFacts[]>();
  for (const appearance of appearances) {
    const key = brandKey(appearance);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [appearance]);
    else group.push(appearance);
  }
  return [...groups.values()].map(brandExposure).sort(byStreamAndBrand);
}

function brandExposure(group: readonly ExposureFacts[]): BrandExposure {
  const { streamId, label } = group[0]!;
  return exposureOf(streamId, label, timelineOf(group));
}

/** What one brand's line on one stream says. */
export function exposureOf(streamId: string, label: string, timeline: Timeline): BrandExposure {
  return {
    streamId,
    label,
    appearances: timeline.appearances,
    exposureMs: toMicroseconds(seenMs(timeline.segments)),
    coverage: meanCoverage(timeline.segments),
    first: new Date(timeline.firstMs).toISOString(),
    last: new Date(timeline.lastMs).toISOString(),
  };
}

interface OfBrand {
  readonly streamId: string;
  readonly label: string;
}

export const brandKey = ({ streamId, label }: OfBrand): string => JSON.stringify([streamId, label]);

export function byStreamAndBrand(a: OfBrand, b: OfBrand): number {
  if (a.streamId !== b.streamId) return a.streamId < b.streamId ? -1 : 1;
  return a.label < b.label ? -1 : Number(a.label > b.label);
}

/** What floating point adds to whole milliseconds is no exposure. */
const toMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;
