import { evidence } from '../infer/fusion.js';
import type { BrandCalibration } from '../infer/manifest.js';
import { quantile } from './metrics.js';

/** Odds of one brand being in a picture: one in a hundred. */
export const PRIOR_ODDS = 0.01;
/** Wanted share of logo-free pictures in which something is reported. */
export const FALSE_FRAME_RATE = 0.005;
/** Deviation of a brand's offset from the common one that is believed without evidence, nats. */
const OFFSET_SPREAD = 0.7;
/** Weights of the two looks that are believed without evidence, and how firmly. */
const WEIGHT_PRIOR = 0.5;
const WEIGHT_FIRMNESS = 0.5;
const WEIGHT_KNOWN = 1e9;
/** Share of a brand's greatest values from which its tail is extrapolated. */
const TAIL_SHARE = 0.1;
const TAIL_COUNT_MIN = 20;

/** One brand's logits at one place. */
export interface PlaceSample {
  readonly brand: number;
  readonly look: number;
  readonly verify: number;
  readonly positive: boolean;
}

/** A logo-free picture: for every brand its logits at each of the picture's places. */
export type NegativePicture = readonly { readonly look: Float32Array; readonly verify: Float32Array }[];

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
  readonly weights?: Pick<BrandCalibration, 'look' | 'verify'> | undefined;
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/**
 * Logistic regression of "this brand is here" on the two looks' logits: two weights for all brands and an offset a
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
    return { label, look: fitted.look, verify: fitted.verify, offset, threshold: 0.5 };
  });
  const rate = FALSE_FRAME_RATE / brandCount;
  const withThresholds = brands.map((brand, k) => {
    const maxima = negatives.flatMap((places) =>
      places.length === 0 ? [] : [Math.max(...places.map((p) => evidence(brand, p.look[k]!, p.verify[k]!)))],
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
  look: number;
  verify: number;
  offset: number;
}

/**
 * Newton's method with a ridge that draws both weights towards WEIGHT_PRIOR, or holds them where they are known;
 * weights are never negative.
 */
function fit(samples: readonly PlaceSample[], known: CalibrationOptions['weights']): Weights {
  const prior = { look: known?.look ?? WEIGHT_PRIOR, verify: known?.verify ?? WEIGHT_PRIOR };
  const firmness = known === undefined ? WEIGHT_FIRMNESS : WEIGHT_KNOWN;
  const w: Weights = { ...prior, offset: 0 };
  for (let step = 0; step < 60; step++) {
    const g = [firmness * (w.look - prior.look), firmness * (w.verify - prior.verify), 0];
    const h = [
      [firmness, 0, 0],
      [0, firmness, 0],
      [0, 0, 1e-6],
    ];
    for (const s of samples) {
      const x = [s.look, s.verify, 1];
      const p = sigmoid(w.look * s.look + w.verify * s.verify + w.offset);
      const error = p - (s.positive ? 1 : 0);
      const curvature = p * (1 - p) + 1e-9;
      for (let i = 0; i < 3; i++) {
        g[i] = g[i]! + error * x[i]!;
        for (let j = 0; j < 3; j++) h[i]![j] = h[i]![j]! + curvature * x[i]! * x[j]!;
      }
    }
    const d = solve3(h, g);
    const size = Math.abs(d[0]!) + Math.abs(d[1]!) + Math.abs(d[2]!);
    const damp = Math.min(1, 2 / (size + 1e-9));
    w.look = Math.max(0, w.look - damp * d[0]!);
    w.verify = Math.max(0, w.verify - damp * d[1]!);
    w.offset -= damp * d[2]!;
    if (size < 1e-7) break;
  }
  return w;
}

/** Cramer's rule. */
function solve3(m: readonly (readonly number[])[], v: readonly number[]): number[] {
  const det = (a: readonly (readonly number[])[]): number =>
    a[0]![0]! * (a[1]![1]! * a[2]![2]! - a[1]![2]! * a[2]![1]!) -
    a[0]![1]! * (a[1]![0]! * a[2]![2]! - a[1]![2]! * a[2]![0]!) +
    a[0]![2]! * (a[1]![0]! * a[2]![1]! - a[1]![1]! * a[2]![0]!);
  const whole = det(m);
  return [0, 1, 2].map(
    (column) => det(m.map((row, r) => row.map((x, c) => (c === column ? v[r]! : x)))) / whole,
  );
}

function fitOffset(samples: readonly PlaceSample[], common: Weights): number {
  let offset = common.offset;
  for (let step = 0; step < 50; step++) {
    let gradient = (offset - common.offset) / OFFSET_SPREAD ** 2;
    let curvature = 1 / OFFSET_SPREAD ** 2;
    for (const s of samples) {
      const p = sigmoid(common.look * s.look + common.verify * s.verify + offset);
      gradient += p - (s.positive ? 1 : 0);
      curvature += p * (1 - p);
    }
    const change = gradient / curvature;
    offset -= change;
    if (Math.abs(change) < 1e-7) break;
  }
  return offset;
}
