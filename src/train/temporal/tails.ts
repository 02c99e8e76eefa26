import type { EvidenceTail } from '../../infer/smooth/tail.js';
import { fitGpd } from '../statistics/gpd.js';

/** Peaks over the tail's start, of all brands together, that are wanted for its shape. */
const PEAKS_WANTED = 60;
/** Share of all peaks that the tail may take at most: lower ones are the body, and say little about it. */
const SHARE_MAX = 0.5;
/** So many are taken even where that is most of them. */
const PEAKS_LEAST = 10;
/** A brand's mean excess is drawn towards that of all brands as if so many peaks had said so. */
const SCALE_WEIGHT = 5;
/** Peaks added to those of all brands together: none in T hours proves no more than a rate of 3 / T. */
const RATE_PRIOR = 3;
/** A brand's rate is drawn half way to its share of that. */
const RATE_WEIGHT = 1;

/** Brand -> blocks -> peaks in them; every brand has the same blocks. */
export type PeaksByBrand = ReadonlyMap<string, readonly (readonly number[])[]>;

/**
 * Peaks over a threshold: one start and one shape for all brands (log-likelihood ratios have one scale, and a brand
 * alone has too few peaks for a shape), a scale and a rate for each. The common mean excess is drawn towards
 * `scalePrior` (nats) as a brand's is towards it: with hardly any peak the prior is what there is.
 */
export function fitTails(
  peaks: PeaksByBrand,
  hours: number,
  scalePrior: number,
): ReadonlyMap<string, EvidenceTail> {
  const all = [...peaks.values()].flat(2).sort((a, b) => b - a);
  const taken = Math.min(PEAKS_WANTED, Math.max(PEAKS_LEAST, Math.floor(all.length * SHARE_MAX)));
  const from = all[taken] ?? 0;
  const excesses = (values: readonly number[]) => values.filter((v) => v > from).map((v) => v - from);
  const pooled = excesses(all);
  const mean = drawn(pooled, scalePrior);
  const { shape } = fitGpd(pooled);
  const share = (pooled.length + RATE_PRIOR) / peaks.size;
  return new Map(
    [...peaks].map(([label, blocks]) => {
      const own = excesses(blocks.flat());
      // The mean of a generalised Pareto distribution is scale / (1 - shape).
      const scale = drawn(own, mean) * (1 - Math.min(0.9, shape));
      const count = (own.length + RATE_WEIGHT * share) / (1 + RATE_WEIGHT);
      return [label, { from, perHour: count / hours, shape, scale }];
    }),
  );
}

const drawn = (values: readonly number[], towards: number): number =>
  (values.reduce((a, b) => a + b, 0) + SCALE_WEIGHT * towards) / (values.length + SCALE_WEIGHT);
