import type { Detection } from '../core/detection.js';
import type { ContentRect } from '../core/frame.js';
import type { TemporalCalibration } from './model/temporal.js';

/** Pixels for a detector: rgb24, width * height * 3 bytes, row by row; `content` is the part that is no letterbox. */
export interface DetectorImage {
  readonly width: number;
  readonly height: number;
  readonly content: ContentRect;
  readonly data: Uint8Array;
}

export interface ModelInfo {
  readonly id: string;
  /** SHA-256 over the model's manifest and weights, hex. */
  readonly hash: string;
  readonly labels: readonly string[];
  /** Picture sizes the network is built for, pixels; ingest scales frames to the first. */
  readonly inputs: readonly { readonly width: number; readonly height: number }[];
  /** The onset test that the model was calibrated for, if it was. */
  readonly temporal?: TemporalCalibration;
  /** Label -> evidence at which a detection in one picture is confident, nats. */
  readonly levels?: Readonly<Record<string, number>>;
  /** `onnx-int8`, `onnx-f32`, `tfjs-wasm`, `tfjs-node`, `tfjs-node-gpu`. */
  readonly engine: string;
}

export interface DetectOptions {
  /** Adds, for every brand, its best box and score although it is under the brand's threshold. */
  readonly all?: boolean;
  /** Reports down to this score, 0..1, instead of each brand's threshold: evidence for the temporal stage. */
  readonly minScore?: number;
  /** Looks again at more places, whole pictures and large parts of them: for stills, three times the cost. */
  readonly thorough?: boolean;
}

/**
 * Finds logos in pictures. `detect` answers in the order of the pictures, each list sorted by descending score;
 * boxes are relative to `content`. Pictures may differ in size as long as each size is one of `model.inputs`.
 */
export interface Detector {
  readonly model: ModelInfo;
  /** Pictures a call beyond which nothing is gained: more only wait for one another. Unbounded where it is not said. */
  readonly batchSize?: number;
  /** Calls that run side by side, off the caller's thread; more only wait. Unsaid where calls take turns. */
  readonly concurrency?: number;
  detect(images: readonly DetectorImage[], options?: DetectOptions): Promise<Detection[][]>;
  close(): Promise<void>;
}
