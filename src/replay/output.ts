import type { Appearance } from '../core/appearance.js';
import type { DetectionRecord } from '../core/detection.js';

/** Where what was replayed goes, in order. A write resolves when it is safely handed over. */
export interface ReplayOutput {
  write(events: readonly Appearance[]): Promise<void>;
  /** What the detector said and the facts between, where a detector runs. */
  writeDetections?(records: readonly DetectionRecord[]): Promise<void>;
}
