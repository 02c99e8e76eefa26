/** Area under the ROC curve: the chance that a positive scores above a negative, ties counted half. */
export function auroc(positive: readonly number[], negative: readonly number[]): number {
  if (positive.length === 0 || negative.length === 0) return Number.NaN;
  const sorted = Float64Array.from(negative).sort();
  let sum = 0;
  for (const p of positive) sum += (lowerBound(sorted, p) + lowerBound(sorted, p, true)) / 2;
  return sum / (positive.length * negative.length);
}

/** How many of the ascending values are below `value`, or at most it. */
export function lowerBound(sorted: Float64Array, value: number, orEqual = false): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest of the values that at least the share `q` of them does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}

/** What one held-out frame was given: the greatest logit of each brand, and which brands are in it. */
export interface FrameScores {
  readonly logits: Float32Array;
  /** Brands to be seen, hardly visible ones left out. */
  readonly brands: readonly number[];
  /** Whether a hardly visible target makes it neither a positive nor a negative. */
  readonly unclear: boolean;
}

export interface HeldOutMetrics {
  readonly positives: number;
  readonly negatives: number;
  /** Of the greatest logit of all brands, frames with a target against frames without. */
  readonly auroc: number;
  /** Share of frames with a target whose top brand is right and above that share of logo-free frames. */
  readonly recallAt1Percent: number;
  readonly recallAt01Percent: number;
  /** Mean of the recall at 0.3, 1, 3 and 10 % false frames: steadier than one point, used to choose the best epoch. */
  readonly meanRecall: number;
}

export function heldOutMetrics(frames: readonly FrameScores[]): HeldOutMetrics {
  const top = (f: FrameScores): number => Math.max(...f.logits);
  const clear = frames.filter((f) => !f.unclear);
  const positive = clear.filter((f) => f.brands.length > 0);
  const negative = clear.filter((f) => f.brands.length === 0).map(top);
  const right = positive.filter((f) => f.brands.includes(f.logits.indexOf(top(f)))).map(top);
  const recall = (rate: number): number => {
    const threshold = quantile(negative, 1 - rate);
    return positive.length === 0 ? Number.NaN : right.filter((v) => v > threshold).length / positive.length;
  };
  return {
    positives: positive.length,
    negatives: negative.length,
    auroc: auroc(positive.map(top), negative),
    recallAt1Percent: recall(0.01),
    recallAt01Percent: recall(0.001),
    meanRecall: (recall(0.003) + recall(0.01) + recall(0.03) + recall(0.1)) / 4,
  };
}

/** The least score that at most `rate` of n + 1 exchangeable pictures reach (Vovk et al. 2005); above all when n is small. */
export function conformalThreshold(ascending: readonly number[], rate: number): number {
  const n = ascending.length;
  const rank = Math.ceil((n + 1) * (1 - rate));
  const last = n === 0 ? 0.5 : ascending[Math.min(rank, n) - 1]!;
  // Just above the value itself: scores at the threshold are reported.
  return Math.min(1, Math.max(last + 1e-6, 0.01));
}
