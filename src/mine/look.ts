import type { Detection } from '../core/detection.js';
import type { DetectorImage } from '../infer/detector.js';

/** A picture that the detector has looked at, with its pixels: what sources give and the miner chooses from. */
export interface Look {
  /** Redacted. */
  readonly source: string;
  /** Media time since the session's first frame, milliseconds; null for pictures. */
  readonly ptsMs: number | null;
  /** ISO 8601, UTC; null for pictures. */
  readonly time: string | null;
  /** Nothing in it goes on from the picture before: another session, another shot, a picture by itself. */
  readonly cut: boolean;
  readonly image: DetectorImage;
  /** The picture file, where there is one. */
  readonly original: string | undefined;
  readonly detections: readonly Detection[];
}
