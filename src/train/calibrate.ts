import { evidence, type PlaceLogits } from '../infer/fusion.js';
import type { BrandCalibration } from '../infer/manifest.js';
import { quantile } from './metrics.js';

/** Odds of one brand being in a picture: one in a hundred. */
export const PRIOR_ODDS = 0.01;
/** Wanted share of logo-free pictures in which something is reported. */
export const FALSE_FRAME_RATE = 0.005;
/** Deviation of a brand's offset from the common one that is believed without evidence, nats. */
const OFFSET_SPREAD = 0.7;
/** Weights of the logits that are believed without evidence, and how firmly. */
const WEIGHT_PRIOR = 0.5;
const WEIGHT_FIRMNESS = 0.5;
const WEIGHT_KNOWN = 1e9;
/** Share of a brand's greatest values from which its tail is extrapolated. */
const TAIL_SHARE = 0.1;
const TAIL_COUNT_MIN = 20;

/** One brand's logits at one place. */
export interface PlaceSample {
  readonly brand: number;
  readonly logo: number;
  readonly look: number;
  readonly verify: number;
  readonly positive: boolean;
}

/** The places of a logo-free picture. */
export type NegativePicture = readonly PlaceLogits[];

export interface Calibration {
  readonly brands: readonly BrandCalibration[];
  readonly falseFrameRate: number;
  /** Logo-free pictures that the thresholds come from. */
  readonly negatives: number;
}

export interface CalibrationOptions {
  /** Brands of the whole model, where not all of them are calibrated here. */
  readonly brandCount?: number | undefined;
  /** The two looks' weights, where they are known better than a few frames can tell; fitted by default. */
  readonly weights?: Pick<BrandCalibration, 'logo' | 'look' | 'verify'> | undefined;
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/**
 * Logistic regression of "this brand is here" on three logits (some logo, first look, second look): weights for all brands and an offset a
 * brand, drawn towards the common one, since a brand has few held-out pictures. A brand's threshold is the value
 * that its greatest evidence over a logo-free picture exceeds in FALSE_FRAME_RATE / brandCount of them: all brands of
 * the model, be they calibrated here or not.
 */
export function calibrate(
  labels: readonly string[],
  samples: readonly PlaceSample[],
  negatives: readonly NegativePicture[],
  { brandCount = labels.length, weights }: CalibrationOptions = {},
): Calibration {
  const positives = samples.filter((s) => s.positive).length;
  const oddsLog = Math.log((positives + 1) / (samples.length - positives + 1));
  const fitted = fit(samples, weights);
  const brands = labels.map((label, brand): BrandCalibration => {
    const own = samples.filter((s) => s.brand === brand);
    const offset = fitOffset(own, fitted) - oddsLog;
    const { logo, look, verify } = fitted;
    return { label, logo, look, verify, offset, threshold: 0.5 };
  });
  const rate = FALSE_FRAME_RATE / brandCount;
  const withThresholds = brands.map((brand, k) => {
    const maxima = negatives.flatMap((places) =>
      places.length === 0 ? [] : [Math.max(...places.map((p) => evidence(brand, k, p)))],
    );
    const llr = tailQuantile(maxima, negatives.length, rate);
    return { ...brand, threshold: Math.min(0.999, Math.max(0.01, sigmoid(llr + Math.log(PRIOR_ODDS)))) };
  });
  return { brands: withThresholds, falseFrameRate: FALSE_FRAME_RATE, negatives: negatives.length };
}

/**
 * The value that a share `rate` of `count` pictures exceeds. Beyond what was observed the tail is taken for
 * exponential (Pickands 1975 with shape 0: log-likelihood ratios of logistic scores fall off so).
 */
export function tailQuantile(values: readonly number[], count: number, rate: number): number {
  if (values.length === 0) return 0;
  const from = quantile(values, 1 - TAIL_SHARE);
  const excesses = values.filter((v) => v > from).map((v) => v - from);
  if (excesses.length < TAIL_COUNT_MIN) return Math.max(...values) + 1;
  const mean = excesses.reduce((a, b) => a + b, 0) / excesses.length;
  return from + mean * Math.max(0, Math.log(excesses.length / count / rate));
}

interface Weights {
  logo: number;
  look: number;
  verify: number;
  offset: number;
}

const inputsOf = (s: PlaceSample): readonly number[] => [s.logo, s.look, s.verify, 1];
const linear = (w: Weights, s: PlaceSample): number =>
  w.logo * s.logo + w.look * s.look + w.verify * s.verify;

/**
 * Newton's method with a ridge that draws the weights towards WEIGHT_PRIOR, or holds them where they are known;
 * weights are never negative.
 */
function fit(samples: readonly PlaceSample[], known: CalibrationOptions['weights']): Weights {
  const keys = ['logo', 'look', 'verify'] as const;
  const prior = known ?? { logo: WEIGHT_PRIOR, look: WEIGHT_PRIOR, verify: WEIGHT_PRIOR };
  const firmness = known === undefined ? WEIGHT_FIRMNESS : WEIGHT_KNOWN;
  const w: Weights = { ...prior, offset: 0 };
  for (let step = 0; step < 60; step++) {
    const g = [...keys.map((k) => firmness * (w[k] - prior[k])), 0];
    const h = g.map((_, i) => g.map((__, j): number => (i !== j ? 0 : i < 3 ? firmness : 1e-6)));
    for (const s of samples) {
      const x = inputsOf(s);
      const p = sigmoid(linear(w, s) + w.offset);
      const error = p - (s.positive ? 1 : 0);
      const curvature = p * (1 - p) + 1e-9;
      for (let i = 0; i < 4; i++) {
        g[i] = g[i]! + error * x[i]!;
        for (let j = 0; j < 4; j++) h[i]![j] = h[i]![j]! + curvature * x[i]! * x[j]!;
      }
    }
    const d = solve(h, g);
    const size = d.reduce((sum, v) => sum + Math.abs(v), 0);
    const damp = Math.min(1, 2 / (size + 1e-9));
    for (const [i, k] of keys.entries()) w[k] = Math.max(0, w[k] - damp * d[i]!);
    w.offset -= damp * d[3]!;
    if (size < 1e-7) break;
  }
  return w;
}

/** Gaussian elimination of a positive definite system. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < n; r++) {
      if (r === i) continue;
      const factor = rows[r]![i]! / rows[i]![i]!;
      for (let c = i; c <= n; c++) rows[r]![c] = rows[r]![c]! - factor * rows[i]![c]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

function fitOffset(samples: readonly PlaceSample[], common: Weights): number {
  let offset = common.offset;
  for (let step = 0; step < 50; step++) {
    let gradient = (offset - common.offset) / OFFSET_SPREAD ** 2;
    let curvature = 1 / OFFSET_SPREAD ** 2;
    for (const s of samples) {
      const p = sigmoid(linear(common, s) + offset);
      gradient += p - (s.positive ? 1 : 0);
      curvature += p * (1 - p);
    }
    const change = gradient / curvature;
    offset -= change;
    if (Math.abs(change) < 1e-7) break;
  }
  return offset;
}
