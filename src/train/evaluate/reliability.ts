/** A stated probability and whether it came true; `weight` counts it so many times. */
export interface Judged {
  readonly probability: number;
  readonly hit: boolean;
  readonly weight?: number;
}

export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean of what was stated, and share that came true; null in an empty bin. */
  readonly stated: number | null;
  readonly observed: number | null;
}

export interface Reliability {
  /** Expected calibration error (Naeini et al. 2015): mean distance of the two, weighted by what a bin holds. */
  readonly ece: number;
  readonly bins: readonly ReliabilityBin[];
}

export function reliability(judged: readonly Judged[], binCount = 10): Reliability {
  const sums = Array.from({ length: binCount }, () => ({ count: 0, weight: 0, stated: 0, hits: 0 }));
  for (const { probability, hit, weight = 1 } of judged) {
    const bin = sums[Math.min(binCount - 1, Math.floor(probability * binCount))]!;
    bin.count++;
    bin.weight += weight;
    bin.stated += weight * probability;
    if (hit) bin.hits += weight;
  }
  const total = sums.reduce((sum, bin) => sum + bin.weight, 0);
  const ece = sums.reduce((sum, bin) => sum + Math.abs(bin.stated - bin.hits), 0) / total;
  const bins = sums.map(({ count, weight, stated, hits }, i) => ({
    low: i / binCount,
    high: (i + 1) / binCount,
    count,
    stated: count === 0 ? null : stated / weight,
    observed: count === 0 ? null : hits / weight,
  }));
  return { ece, bins };
}
