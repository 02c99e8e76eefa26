import { quantile } from '../metrics.js';
import { Rng } from '../rng.js';

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Of `count` cases. */
export interface Share extends Estimate {
  readonly hits: number;
  readonly count: number;
}

/** Standard normal quantile of 0.975. */
const Z = 1.959964;
const RESAMPLES = 400;
const SEED = 0xb007;

/** A share with its Wilson score interval (Wilson 1927), which also holds at 0 and at 1. */
export function wilson(hits: number, count: number): Share {
  if (count === 0) return { value: Number.NaN, low: 0, high: 1, hits, count };
  const p = hits / count;
  const spread = Z * Math.sqrt((p * (1 - p)) / count + Z ** 2 / (4 * count ** 2));
  const scale = 1 + Z ** 2 / count;
  const centre = p + Z ** 2 / (2 * count);
  // Rounding must not put 0 of n above 0, or n of n below 1.
  const low = hits === 0 ? 0 : (centre - spread) / scale;
  const high = hits === count ? 1 : (centre + spread) / scale;
  return { value: p, low, high, hits, count };
}

export function wilsonOf<T>(items: readonly T[], holds: (item: T) => boolean): Share {
  return wilson(items.filter(holds).length, items.length);
}

/**
 * Percentile bootstrap (Efron 1979): both samples are drawn again with replacement, each to its own size. The same
 * samples give the same interval.
 */
export function bootstrap<P, N>(
  positive: readonly P[],
  negative: readonly N[],
  statistic: (positive: readonly P[], negative: readonly N[]) => number,
): Estimate {
  const rng = new Rng(SEED);
  const again = <T>(items: readonly T[]): T[] => items.map(() => items[rng.below(items.length)]!);
  return interval(statistic(positive, negative), () => statistic(again(positive), again(negative)));
}

/** The same over `count` cases, for a statistic that takes how often each case was drawn. */
export function bootstrapWeights(count: number, statistic: (weights?: Float64Array) => number): Estimate {
  const rng = new Rng(SEED);
  return interval(statistic(), () => {
    const weights = new Float64Array(count);
    for (let i = 0; i < count; i++) weights[rng.below(count)]!++;
    return statistic(weights);
  });
}

function interval(value: number, draw: () => number): Estimate {
  const draws = Array.from({ length: RESAMPLES }, draw).filter((v) => !Number.isNaN(v));
  if (Number.isNaN(value) || draws.length === 0) return { value, low: Number.NaN, high: Number.NaN };
  return { value, low: quantile(draws, 0.025), high: quantile(draws, 0.975) };
}
