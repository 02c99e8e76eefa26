import { evidence, type PlaceLogits } from '../infer/fusion.js';
import type { BrandCalibration } from '../infer/manifest.js';
import { quantile } from './metrics.js';

/** Odds of one brand being in a picture: one in a hundred. */
export const PRIOR_ODDS = 0.01;
/** Wanted share of logo-free pictures in which something is reported. */
export const FALSE_FRAME_RATE = 0.005;
/** Deviation of a brand's offset from the common one that is believed without evidence, nats. */
const OFFSET_SPREAD = 0.7;
/**
 * How the logits of "some logo", the first and the second look weigh against one another, chosen on real photos and
 * frames: the first look finds places, but of what they show it says nothing that the second does not know better
 * (docs/training.md). Composed frames of the same few photos flatter all of them, and tell the scale alone.
 */
const RATIO = { logo: 0.3, look: 0, verify: 1 };
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
  /** The looks' weights, where they are known better than a few frames can tell; by default RATIO, to a fitted scale. */
  readonly weights?: Pick<BrandCalibration, 'logo' | 'look' | 'verify'> | undefined;
}

/**
 * No threshold lies below this quantile of all brands': that no picture at hand resembles a brand does not mean that
 * none will.
 */
const THRESHOLD_FLOOR = 1 / 3;
const SCALE_START = 0.5;
const SCALE_MIN = 0.05;

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/**
 * Logistic regression of "this brand is here" on what both looks say: a scale for all brands and an offset a
 * brand, drawn towards the common one, since a brand has few held-out pictures. A brand's threshold is the value that
 * its greatest evidence over a logo-free picture exceeds in FALSE_FRAME_RATE / brandCount of them: all brands of the
 * model, be they calibrated here or not.
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
  const least = quantile(
    withThresholds.map((b) => b.threshold),
    THRESHOLD_FLOOR,
  );
  const floored = withThresholds.map((b) => ({ ...b, threshold: Math.max(b.threshold, least) }));
  return { brands: floored, falseFrameRate: FALSE_FRAME_RATE, negatives: negatives.length };
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

const linear = (w: Omit<Weights, 'offset'>, s: PlaceSample): number =>
  w.logo * s.logo + w.look * s.look + w.verify * s.verify;

/** Newton's method for the scale of RATIO and the offset, or for the offset alone where the weights are known. */
function fit(samples: readonly PlaceSample[], known: CalibrationOptions['weights']): Weights {
  const ratio = known ?? RATIO;
  const values = samples.map((s) => linear(ratio, s));
  const free = known === undefined;
  let [scale, offset] = [free ? SCALE_START : 1, 0];
  for (let step = 0; step < 100; step++) {
    let [g0, g1] = [0, 0];
    let [h00, h01, h11] = [1e-6, 0, 1e-6];
    samples.forEach(({ positive }, i) => {
      const x = values[i]!;
      const p = sigmoid(scale * x + offset);
      const error = p - (positive ? 1 : 0);
      const curvature = p * (1 - p) + 1e-9;
      g0 += error;
      g1 += error * x;
      h00 += curvature;
      h01 += curvature * x;
      h11 += curvature * x * x;
    });
    if (!free) [g1, h01, h11] = [0, 0, 1];
    const determinant = h00 * h11 - h01 * h01;
    const [d0, d1] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
    const damp = Math.min(1, 1 / (Math.abs(d0) + 4 * Math.abs(d1) + 1e-9));
    offset -= damp * d0;
    scale = Math.max(SCALE_MIN, scale - damp * d1);
    if (Math.abs(d0) + Math.abs(d1) < 1e-7) break;
  }
  return { logo: scale * ratio.logo, look: scale * ratio.look, verify: scale * ratio.verify, offset };
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
