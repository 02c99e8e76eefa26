import { WIDTHS } from './frames.js';
import type { Judged } from './heads.js';
import {
  type Confidence,
  confidence,
  MEASURES,
  type Measures,
  measure,
  rightAt1ByGroup,
  rightOnes,
  type Spread,
  spread,
  thresholdAt,
} from './measures.js';
import type { Section } from './recipes.js';
import { record, SETS, type TestSet, type Truth } from './tests.js';

/** One method, all seeds. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly section: Section;
  readonly photos: Readonly<Record<keyof Measures, Spread>>;
  readonly frames: Readonly<Record<keyof Measures, Spread>>;
  /** Frames: right brand at 1 % false frames by the logo's width (WIDTHS). */
  readonly byWidth: readonly Spread[];
  /** Of a softmax on logo-free pictures. */
  readonly confidence: Readonly<Record<TestSet, Readonly<Record<keyof Confidence, Spread>>>> | undefined;
  /** Share of logo-free photos whose top probability is above 0, 0.02, ... 0.98, mean of the seeds. */
  readonly survival: readonly number[] | undefined;
  /** Frames: right brand at each of FALSE_RATES, mean of the seeds. */
  readonly curve: readonly number[];
}

export interface Results {
  readonly command: string;
  readonly seeds: number;
  /** Processor time of this run, all threads; what came out of the cache is not in it. */
  readonly cpuSeconds: number;
  readonly detector: string;
  readonly brands: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

/** Rates of false frames at which curves are drawn: 0.2 % to 100 %, even in the logarithm. */
export const FALSE_RATES = Array.from({ length: 28 }, (_, i) => 0.002 * 500 ** (i / 27));
export const PROBABILITIES = Array.from({ length: 50 }, (_, i) => i / 50);
const CONFIDENCE = ['mean', 'above50', 'above90', 'above99'] as const;

/** @param judged one of each seed; a method without chance has one */
export function rowOf(
  { id, title, section }: { id: string; title: string; section: Section },
  judged: readonly Pick<Judged, 'verdicts' | 'freeProbabilities'>[],
  truth: Readonly<Record<TestSet, Truth>>,
): Row {
  const measured = record(SETS, (set) => judged.map((j) => measure(j.verdicts[set], truth[set].brands)));
  const spreads = (set: TestSet): Record<keyof Measures, Spread> =>
    record(MEASURES, (name) => spread(measured[set].map((m) => m[name])));
  const { brands, widths } = truth.frames;
  const byWidth = judged.map((j) => rightAt1ByGroup(j.verdicts.frames, brands, widths, WIDTHS.length));
  const probabilities = judged.flatMap((j) => (j.freeProbabilities ? [j.freeProbabilities] : []));
  const isSoftmax = probabilities.length > 0;
  const above = (p: number): number =>
    mean(probabilities.map(({ photos }) => photos.filter((v) => v > p).length / photos.length));
  return {
    id,
    title,
    section,
    photos: spreads('photos'),
    frames: spreads('frames'),
    byWidth: WIDTHS.map((_, i) => spread(byWidth.map((w) => w[i]!))),
    confidence: isSoftmax
      ? record(SETS, (set) => {
          const each = probabilities.map((p) => confidence(p[set]));
          return record(CONFIDENCE, (name) => spread(each.map((c) => c[name])));
        })
      : undefined,
    survival: isSoftmax ? PROBABILITIES.map(above) : undefined,
    curve: FALSE_RATES.map((rate) => mean(judged.map((j) => rightAt(j, truth.frames, rate)))),
  };
}

function rightAt({ verdicts: { frames } }: Pick<Judged, 'verdicts'>, truth: Truth, rate: number): number {
  const threshold = rate >= 1 ? Number.NEGATIVE_INFINITY : thresholdAt(frames.free, rate);
  const right = rightOnes(frames.logo, truth.brands).filter((v) => v.score > threshold);
  return right.length / frames.logo.length;
}

const mean = (values: readonly number[]): number => spread(values).mean;
