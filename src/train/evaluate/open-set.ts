import { auroc, lowerBound, quantile } from '../metrics.js';

/** The answer to a picture that holds a brand: its best score, and whether that is one of the brands in it. */
export interface KnownAnswer {
  readonly score: number;
  readonly right: boolean;
}

/** The score that no more than the share `rate` of logo-free pictures exceeds; what is reported lies above it. */
export function thresholdAt(logoFree: readonly number[], rate: number): number {
  return quantile(logoFree, 1 - rate);
}

/** Share of logo-free pictures that score at least what 95 % of the logo pictures reach. */
export function fprAt95(positive: readonly number[], negative: readonly number[]): number {
  const threshold = quantile(positive, 0.05);
  return share(negative, (v) => v >= threshold);
}

/** Share of pictures with a logo whose best score is the right brand's and above the threshold. */
export function rightAbove(known: readonly KnownAnswer[], threshold: number): number {
  return share(known, ({ score, right }) => right && score > threshold);
}

/**
 * Open-set classification rate (Dhamija et al. 2018): the area under the share of known pictures that are given their
 * right brand at a threshold, over the share of others that are given any. At most the share of right brands.
 */
export function oscr(known: readonly KnownAnswer[], others: readonly number[]): number {
  const right = known.filter((k) => k.right).map((k) => k.score);
  if (right.length === 0) return 0;
  return (right.length / known.length) * auroc(right, others);
}

export interface RocPoint {
  /** Share of the negatives at or above the threshold. */
  readonly falseRate: number;
  /** Share of `total` at or above it. */
  readonly trueRate: number;
  readonly threshold: number;
}

/**
 * A point for each threshold that lets another negative through, falling. `total` is what the true rate is a share of:
 * larger than `positive` where some positives can never count (a wrong brand).
 */
export function rocCurve(
  positive: readonly number[],
  negative: readonly number[],
  total = positive.length,
): RocPoint[] {
  const up = Float64Array.from(positive).sort();
  const falling = [...new Set(negative)].sort((a, b) => b - a);
  const sorted = Float64Array.from(negative).sort();
  const from = (values: Float64Array, threshold: number): number =>
    values.length - lowerBound(values, threshold);
  const points = falling.map((threshold) => ({
    falseRate: from(sorted, threshold) / negative.length,
    trueRate: from(up, threshold) / total,
    threshold,
  }));
  const first = up.length - (sorted.length === 0 ? 0 : lowerBound(up, sorted.at(-1)!, true));
  return [{ falseRate: 0, trueRate: first / total, threshold: Number.POSITIVE_INFINITY }, ...points];
}

export function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? Number.NaN : items.filter(holds).length / items.length;
}
