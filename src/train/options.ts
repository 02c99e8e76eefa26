import type { EngineKind } from '../infer/engines/engine.js';
import type { BrandCalibration } from '../infer/manifest.js';
import type { SplitSources } from './compose/sources.js';
import type { Dataset } from './datasets/dataset.js';
import type { Negatives } from './datasets/negatives.js';
import type { FoundPlace } from './localise.js';
import type { HeldOutMetrics } from './metrics.js';

export interface TrainProgress {
  /** `data` and `calibrate` are short; `features` and `held-out` count frames, `photos` photos, `head` epochs. */
  readonly phase: 'data' | 'features' | 'held-out' | 'photos' | 'head' | 'calibrate';
  readonly done: number;
  readonly total: number;
  /** A line worth printing once: what was read, how an epoch went. */
  readonly message?: string;
}

export interface TrainOptions {
  /** A folder, or several that are parts of one data set. */
  readonly dataset: string | readonly string[];
  /** The model's folder; OUTPUT.partial holds the work until then. */
  readonly output: string;
  readonly negatives?: readonly string[];
  readonly seed?: number;
  /** Composed training frames; default by the number of brands. */
  readonly frames?: number;
  readonly heldOutFrames?: number;
  readonly epochs?: number;
  /** true: there must be something to go on from; false: begin anew; left out: go on where the same run stopped. */
  readonly resume?: boolean;
  /** Learns from pictures in which the logo was not found for sure, as wholes, instead of leaving them out. */
  readonly keepDoubtful?: boolean;
  /** For the trunk's features: default onnx-f32. */
  readonly engine?: EngineKind;
  /** How the model names itself; default the output folder's name. */
  readonly id?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

export interface TrainSummary {
  readonly output: string;
  readonly brands: readonly string[];
  readonly frames: number;
  readonly epochs: number;
  readonly heldOut: HeldOutMetrics;
  readonly calibration: readonly BrandCalibration[];
  readonly seconds: number;
}

export interface AddBrandOptions {
  /** A model's folder. */
  readonly model: string;
  readonly name: string;
  /** Pictures of the brand, its art, or folders of them; an annotated data set. */
  readonly paths: readonly string[];
  /** Where the model with the brand goes; default the model's own folder. */
  readonly output?: string;
  readonly negatives?: readonly string[];
  /** Takes the place of a brand of that name. */
  readonly replace?: boolean;
  readonly keepDoubtful?: boolean;
  readonly frames?: number;
  readonly heldOutFrames?: number;
  readonly epochs?: number;
  readonly seed?: number;
  readonly engine?: EngineKind;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

/** What the steps of one run share. */
export interface Run {
  readonly options: TrainOptions;
  readonly dataset: Dataset;
  readonly negatives: Negatives;
  /** Where the logo was found in the pictures without boxes. */
  readonly places: readonly FoundPlace[];
  readonly sources: SplitSources;
  readonly seed: number;
  readonly frames: number;
  readonly heldOutFrames: number;
  readonly epochs: number;
  readonly folder: string;
  readonly key: string;
  report(phase: TrainProgress['phase'], done: number, total: number, message?: string): void;
}
