import { iou } from '../../core/geometry.js';
import { logSumExp } from '../../infer/foreign/classifier.js';
import type { VerifiedCandidate } from '../../infer/fusion.js';
import type { BrandCalibration } from '../../infer/manifest.js';
import type { ForeignPlace } from '../../infer/wrapped-detector.js';
import {
  type Calibration,
  calibrate,
  FALSE_FRAME_RATE,
  type NegativePicture,
  PRIOR_ODDS,
  tailQuantile,
} from '../calibrate.js';
import type { Target } from '../compose/target.js';
import { type HeldOutFrame, placeSamples } from '../held-out.js';
import { quantile } from '../metrics.js';
import { fitWeights } from './weights.js';

/** Share of background places whose energy stays under the logit of "none of these". */
const NONE_QUANTILE = 0.9;
const SHOWN_IOU = 0.4;
/** Share of a brand's greatest values that its tail is measured on. */
const TAIL_SHARE = 0.1;
/** A tail is never taken for steeper than this, nats. */
const TAIL_MIN = 0.25;

/** How large background makes the classes' logits together. */
export function noneLogit(
  pictures: readonly (readonly ForeignPlace[])[],
  channels: readonly number[],
): number {
  const energies = pictures.flatMap((places) =>
    places.map(({ row }) => logSumExp(channels.map((k) => row[k]!))),
  );
  return quantile(energies, NONE_QUANTILE);
}

export interface SeenFrame {
  readonly targets: readonly Target[];
  readonly places: readonly VerifiedCandidate[];
}

/** With example pictures: the two networks' weights, then offsets and thresholds as for models that are trained. */
export function calibrateBoth(labels: readonly string[], frames: readonly SeenFrame[]): Calibration {
  const judged = frames.map(({ targets, places }): HeldOutFrame => ({ frame: { targets }, places }));
  const samples = placeSamples(judged, labels.length);
  return calibrate(labels, samples, negativesOf(frames), { weights: fitWeights(samples) });
}

/**
 * Share of the composed logos, where one of the places shows them, that the user's network alone names rightly: low
 * when the pictures reach it in another form than it learned from. NaN without logos.
 */
export function namedRightly(frames: readonly SeenFrame[]): number {
  const named = frames.flatMap(({ targets, places }) =>
    targets.flatMap((t) => {
      const shown = places.filter((p) => !t.ignore && iou(p.box, t.box) >= SHOWN_IOU);
      if (shown.length === 0) return [];
      const best = shown.reduce((a, b) => (iou(b.box, t.box) > iou(a.box, t.box) ? b : a));
      return [best.look.indexOf(Math.max(...best.look)) === t.brand ? 1 : 0];
    }),
  );
  return named.reduce((a: number, b) => a + b, 0) / named.length;
}

export function negativesOf(frames: readonly SeenFrame[]): NegativePicture[] {
  return frames.filter((f) => f.targets.length === 0).map((f) => f.places);
}

/**
 * Without example pictures only silence can be fitted: a brand's evidence is minus the logarithm of the share of
 * logo-free pictures that reach its logit, extrapolated by an exponential tail. It says how rare a value is among
 * background, not how likely among logos.
 */
export function calibrateOneSided(
  labels: readonly string[],
  negatives: readonly NegativePicture[],
): Calibration {
  const rate = FALSE_FRAME_RATE / labels.length;
  const brands = labels.map((label, k): BrandCalibration => {
    const maxima = negatives.flatMap((places) =>
      places.length === 0 ? [] : [Math.max(...places.map((p) => p.look[k]!))],
    );
    const from = maxima.length === 0 ? 0 : quantile(maxima, 1 - TAIL_SHARE);
    const excesses = maxima.filter((v) => v > from).map((v) => v - from);
    const mean = excesses.reduce((a, b) => a + b, 0) / Math.max(1, excesses.length);
    const scale = Math.max(TAIL_MIN, mean);
    const offset = Math.log(negatives.length / Math.max(1, excesses.length)) - from / scale;
    const llr = tailQuantile(maxima, negatives.length, rate) / scale + offset;
    const threshold = Math.min(0.999, 1 / (1 + Math.exp(-(llr + Math.log(PRIOR_ODDS)))));
    return { label, logo: 0, look: 1 / scale, verify: 0, offset, threshold };
  });
  return { brands, falseFrameRate: FALSE_FRAME_RATE, negatives: negatives.length };
}
