import type { OnsetParameters, SmoothingParameters } from './parameters.js';

/**
 * Page's cumulative sum: S = max(0, S + l). It is the quickest test for a change at an unknown time among those
 * with the same mean time between false alarms (Lorden 1971; exactly so: Moustakides 1986).
 */
export interface CusumState {
  readonly sum: number;
  /** Frames with positive evidence since the sum was last zero. */
  readonly frames: number;
}

export const CUSUM_ZERO: CusumState = { sum: 0, frames: 0 };

/**
 * One frame's evidence in nats: scaled, clipped, and thinned where frames come so fast that they repeat each other.
 * NaN counts as no evidence.
 */
export function evidenceOf(llr: number, intervalMs: number, parameters: SmoothingParameters): number {
  const { llrClip, llrScale, decorrelationMs } = parameters;
  const scaled = llr * llrScale;
  if (Number.isNaN(scaled)) return 0;
  const clipped = Math.min(llrClip, Math.max(-llrClip, scaled));
  return clipped * Math.min(1, intervalMs / decorrelationMs);
}

/** A sum that falls to zero forgets: what began before it is over. */
export function cusumStep(state: CusumState, evidence: number): CusumState {
  const sum = state.sum + evidence;
  if (sum <= 0) return CUSUM_ZERO;
  return { sum, frames: state.frames + (evidence > 0 ? 1 : 0) };
}

/**
 * The threshold for the wanted rate of false appearances. The mean time between false alarms of one brand is at
 * least e^h steps (Lorden 1971), so h = ln(brands * steps an hour / false alarms an hour).
 */
export function cusumThreshold(intervalMs: number, parameters: SmoothingParameters): number {
  const stepsPerHour = 3_600_000 / Math.max(intervalMs, parameters.decorrelationMs);
  return Math.max(0, Math.log((parameters.brands * stepsPerHour) / parameters.falsePerHour));
}

/** `onset` where the brand is calibrated: its threshold then stands for the wanted rate. */
export function cusumOpens(
  state: CusumState,
  intervalMs: number,
  parameters: SmoothingParameters,
  onset?: OnsetParameters,
): boolean {
  if (state.frames < parameters.minFrames) return false;
  return state.sum >= (onset?.thresholdLlr ?? cusumThreshold(intervalMs, parameters));
}
