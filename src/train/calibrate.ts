import type { BrandCalibration } from '../infer/manifest.js';
import type { FrameScores } from './metrics.js';

/** Odds of one brand being in a picture: one in a hundred. */
export const PRIOR_ODDS = 0.01;
/** Wanted share of logo-free frames in which something is reported. */
export const FALSE_FRAME_RATE = 0.005;
/** Deviation of a brand's offset from the common one that is believed without evidence, nats. */
const OFFSET_SPREAD = 0.7;
/** Platt scaling never sharpens or flattens beyond this. */
const SLOPE_RANGE = { low: 0.3, high: 4 };

interface Sample {
  readonly brand: number;
  readonly logit: number;
  readonly positive: boolean;
}

export interface Calibration {
  readonly brands: readonly BrandCalibration[];
  readonly falseFrameRate: number;
  /** Held-out frames without a logo that the threshold comes from. */
  readonly negatives: number;
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/**
 * Platt scaling (Platt 1999) of the greatest logit a picture: one slope for all brands and an offset a brand, drawn
 * towards the common one, since a brand has few held-out pictures. The threshold is one for all brands: the
 * conformal quantile of the best score over logo-free held-out frames (Vovk et al. 2005), so that in exchangeable
 * frames no more than FALSE_FRAME_RATE of them give a report.
 */
export function calibrate(labels: readonly string[], frames: readonly FrameScores[]): Calibration {
  const clear = frames.filter((f) => !f.unclear);
  const samples: Sample[] = clear.flatMap((f) =>
    labels.map((_, brand) => ({ brand, logit: f.logits[brand]!, positive: f.brands.includes(brand) })),
  );
  const positiveCount = samples.filter((s) => s.positive).length;
  const oddsLog = Math.log((positiveCount + 1) / (samples.length - positiveCount + 1));
  const { slope, offset } = fit(samples);
  const offsets = labels.map((_, brand) =>
    fitOffset(
      samples.filter((s) => s.brand === brand),
      slope,
      offset,
    ),
  );
  const llr = (brand: number, logit: number): number => slope * logit + offsets[brand]! - oddsLog;
  const score = (value: number): number => sigmoid(value + Math.log(PRIOR_ODDS));
  const best = clear
    .filter((f) => f.brands.length === 0)
    .map((f) => Math.max(...labels.map((_, brand) => score(llr(brand, f.logits[brand]!)))))
    .sort((a, b) => a - b);
  const threshold = conformalThreshold(best, FALSE_FRAME_RATE);
  return {
    brands: labels.map((label, brand) => ({ label, slope, offset: offsets[brand]! - oddsLog, threshold })),
    falseFrameRate: FALSE_FRAME_RATE,
    negatives: best.length,
  };
}

/** The least score that at most `rate` of n + 1 exchangeable frames reach; above all of them when n is too small. */
export function conformalThreshold(ascending: readonly number[], rate: number): number {
  const n = ascending.length;
  const rank = Math.ceil((n + 1) * (1 - rate));
  const last = n === 0 ? 0.5 : ascending[Math.min(rank, n) - 1]!;
  // Just above the value itself: scores at the threshold are reported.
  return Math.min(1, Math.max(last + 1e-6, 0.01));
}

/** Logistic regression by Newton's method with Platt's soft targets and a light ridge on the slope around 1. */
function fit(samples: readonly Sample[]): { slope: number; offset: number } {
  const positives = samples.filter((s) => s.positive).length;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (samples.length - positives + 2);
  let [slope, offset] = [1, 0];
  for (let step = 0; step < 50; step++) {
    let [gs, go, hss, hso, hoo] = [slope - 1, 0, 1, 0, 1e-6];
    for (const { logit, positive } of samples) {
      const p = sigmoid(slope * logit + offset);
      const error = p - (positive ? high : low);
      const curvature = p * (1 - p);
      gs += error * logit;
      go += error;
      hss += curvature * logit * logit;
      hso += curvature * logit;
      hoo += curvature;
    }
    const det = hss * hoo - hso * hso;
    const ds = (hoo * gs - hso * go) / det;
    const d0 = (hss * go - hso * gs) / det;
    const damp = Math.min(1, 2 / (Math.abs(ds) + Math.abs(d0) + 1e-9));
    slope = Math.min(SLOPE_RANGE.high, Math.max(SLOPE_RANGE.low, slope - damp * ds));
    offset -= damp * d0;
    if (Math.abs(ds) + Math.abs(d0) < 1e-7) break;
  }
  return { slope, offset };
}

function fitOffset(samples: readonly Sample[], slope: number, common: number): number {
  let offset = common;
  for (let step = 0; step < 50; step++) {
    let gradient = (offset - common) / OFFSET_SPREAD ** 2;
    let curvature = 1 / OFFSET_SPREAD ** 2;
    for (const { logit, positive } of samples) {
      const p = sigmoid(slope * logit + offset);
      gradient += p - (positive ? 1 : 0);
      curvature += p * (1 - p);
    }
    const change = Math.min(1, Math.max(-1, gradient / curvature));
    offset -= change;
    if (Math.abs(change) < 1e-7) break;
  }
  return offset;
}
