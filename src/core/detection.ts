import type { StreamFact, StreamPosition } from './frame.js';
import type { Box } from './geometry.js';

/** One logo found in one picture. */
export interface Detection {
  readonly label: string;
  /** Calibrated probability that this is the label's logo, 0..1. */
  readonly score: number;
  /** Calibrated log-likelihood ratio, natural log: ln p(evidence | logo) / p(evidence | no logo). */
  readonly llr: number;
  /** The score reaches the brand's threshold; below it a detection is evidence, but is reported by nothing alone. */
  readonly confident: boolean;
  /** Relative to the picture without its letterbox. */
  readonly box: Box;
}

/** What infer publishes on `detections`: all that later stages need to know of a frame, without its pixels. */
export interface FrameDetections extends StreamPosition {
  readonly kind: 'detections';
  readonly seq: number;
  /** Milliseconds from the frame's arrival to the end of its detection. */
  readonly ageMs: number;
  /** The first frame after a hard cut. */
  readonly shotCut: boolean;
  readonly modelId: string;
  readonly modelHash: string;
  readonly detections: readonly Detection[];
}

/** Facts travel with the detections, so that a gap is seen by every stage. */
export type DetectionRecord = FrameDetections | StreamFact;
