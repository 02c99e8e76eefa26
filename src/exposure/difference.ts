import { type BrandExposure, brandKey, byStreamAndBrand, type ExposureReport } from './report.js';

/** One brand on one stream in two reports of the same time. */
export interface ExposureDifference {
  readonly streamId: string;
  readonly label: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** after - before */
  readonly differenceMs: number;
  readonly appearancesBefore: number;
  readonly appearancesAfter: number;
}

/** Every brand that is in one of the two, by stream, then brand. */
export function exposureDifference(before: ExposureReport, after: ExposureReport): ExposureDifference[] {
  const known = new Map(before.map((row) => [brandKey(row), row]));
  const rows = after.map((row) => difference(known.get(brandKey(row)), row));
  const found = new Set(after.map(brandKey));
  const gone = before.filter((row) => !found.has(brandKey(row))).map((row) => difference(row, undefined));
  return [...rows, ...gone].sort(byStreamAndBrand);
}

function difference(before: BrandExposure | undefined, after: BrandExposure | undefined): ExposureDifference {
  const { streamId, label } = (after ?? before)!;
  const [beforeMs, afterMs] = [before?.exposureMs ?? 0, after?.exposureMs ?? 0];
  return {
    streamId,
    label,
    beforeMs,
    afterMs,
    differenceMs: Math.round((afterMs - beforeMs) * 1000) / 1000,
    appearancesBefore: before?.appearances ?? 0,
    appearancesAfter: after?.appearances ?? 0,
  };
}
