import { auroc, quantile } from '../../src/train/metrics.js';

/** What a method says of one picture: the brand it would name, and how surely, in any unit that grows with it. */
export interface Verdict {
  readonly score: number;
  readonly brand: number;
}

/** Pictures of the brands, of nothing, and of other logos, each judged once. */
export interface Verdicts {
  readonly logo: readonly Verdict[];
  readonly free: readonly Verdict[];
  readonly unknown: readonly Verdict[];
}

export interface Measures {
  /** Logo pictures against logo-free ones by score. */
  readonly auroc: number;
  /** Share of logo-free pictures at or above the score that 95 % of the logo pictures reach. */
  readonly fpr95: number;
  /** Share of logo pictures whose best brand is right, whatever the score. */
  readonly right: number;
  /** The same, and above the score that 1 % (0.1 %) of the logo-free pictures exceed. */
  readonly rightAt1: number;
  readonly rightAt01: number;
  /** Share of pictures of other logos above the 1 % score. */
  readonly unknownAt1: number;
  /** Area under right brand against false pictures (Dhamija, Guenther & Boult 2018, CCR against FPR). */
  readonly oscr: number;
}

export const MEASURES: readonly (keyof Measures)[] = [
  'auroc',
  'fpr95',
  'right',
  'rightAt1',
  'rightAt01',
  'unknownAt1',
  'oscr',
];

const scores = (verdicts: readonly Verdict[]): number[] => verdicts.map((v) => v.score);
const share = (count: number, of: number): number => (of === 0 ? Number.NaN : count / of);

/** The score that at most the share `rate` of the logo-free pictures exceeds. */
export function thresholdAt(free: readonly Verdict[], rate: number): number {
  return quantile(scores(free), 1 - rate);
}

/** Which logo pictures are right: their best brand is one of those to be seen. */
export function rightOnes(logo: readonly Verdict[], truth: readonly (readonly number[])[]): Verdict[] {
  return logo.filter((v, i) => truth[i]!.includes(v.brand));
}

/** @param truth the brands in each logo picture */
export function measure(verdicts: Verdicts, truth: readonly (readonly number[])[]): Measures {
  const { logo, free, unknown } = verdicts;
  const right = rightOnes(logo, truth);
  const rightAt = (rate: number): number => {
    const threshold = thresholdAt(free, rate);
    return share(right.filter((v) => v.score > threshold).length, logo.length);
  };
  const at95 = quantile(scores(logo), 0.05);
  const at1 = thresholdAt(free, 0.01);
  return {
    auroc: auroc(scores(logo), scores(free)),
    fpr95: share(free.filter((v) => v.score >= at95).length, free.length),
    right: share(right.length, logo.length),
    rightAt1: rightAt(0.01),
    rightAt01: rightAt(0.001),
    unknownAt1: share(unknown.filter((v) => v.score > at1).length, unknown.length),
    // A right picture counts for every logo-free one below it; a wrong one for none.
    oscr: right.length === 0 ? 0 : share(right.length, logo.length) * auroc(scores(right), scores(free)),
  };
}

/** Right brand at 1 % false pictures, apart by a property of the logo pictures (its group's index; -1 for none). */
export function rightAt1ByGroup(
  verdicts: Verdicts,
  truth: readonly (readonly number[])[],
  groups: readonly number[],
  count: number,
): number[] {
  const threshold = thresholdAt(verdicts.free, 0.01);
  return Array.from({ length: count }, (_, group) => {
    const members = verdicts.logo.flatMap((v, i) => (groups[i] === group ? [{ v, brands: truth[i]! }] : []));
    const found = members.filter(({ v, brands }) => v.score > threshold && brands.includes(v.brand));
    return share(found.length, members.length);
  });
}

export interface Confidence {
  readonly mean: number;
  readonly above50: number;
  readonly above90: number;
  readonly above99: number;
}

/** How sure a classifier is, over the top probabilities of some pictures. */
export function confidence(probabilities: readonly number[]): Confidence {
  const above = (p: number): number => share(probabilities.filter((v) => v > p).length, probabilities.length);
  const mean = share(
    probabilities.reduce((a, b) => a + b, 0),
    probabilities.length,
  );
  return { mean, above50: above(0.5), above90: above(0.9), above99: above(0.99) };
}

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation over the seeds; 0 for one seed. */
  readonly deviation: number;
  readonly seeds: number;
}

export function spread(values: readonly number[]): Spread {
  const seeds = values.length;
  const mean = share(
    values.reduce((a, b) => a + b, 0),
    seeds,
  );
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, deviation: seeds < 2 ? 0 : Math.sqrt(squares / (seeds - 1)), seeds };
}
