import type { Detection } from '../core/detection.js';
import { describeError, LogowatchError } from '../core/errors.js';
import type { Frame } from '../core/frame.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { DetectOptions, Detector, ModelInfo } from './detector.js';

export interface InferenceOptions {
  /** Candidates under this score are left out; the temporal stage wants weak ones too, 0..1. */
  readonly minScore: number;
  /** Frames refused by the detector in a row until the stage gives up. */
  readonly failuresMax: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Runs batches through the detector. A picture that it refuses twice costs that picture, not its stream. */
export class Inference {
  readonly #detector: Detector;
  readonly #telemetry: Telemetry;
  readonly #options: InferenceOptions;
  readonly #detectOptions: DetectOptions;
  #failures = 0;

  constructor(detector: Detector, telemetry: Telemetry, options: InferenceOptions) {
    this.#detector = detector;
    this.#telemetry = telemetry;
    this.#options = options;
    this.#detectOptions = { minScore: options.minScore };
  }

  /** Of the answers that are asked for now. */
  get model(): ModelInfo {
    return this.#detector.model;
  }

  /** Pixels that no detector could read are found before they can spoil a batch. */
  accepts(frame: Frame): boolean {
    const { format, width, height, data } = frame;
    return format === 'rgb24' && width > 0 && height > 0 && data.length === width * height * 3;
  }

  /** One answer a frame, in order; undefined for a refused one. Throws `engine-unavailable` when all are refused. */
  async detect(frames: readonly Frame[]): Promise<(readonly Detection[] | undefined)[]> {
    if (frames.length === 0) return [];
    const { now } = this.#options;
    const start = now();
    let answers: (readonly Detection[] | undefined)[];
    try {
      answers = await this.#detector.detect(frames, this.#detectOptions);
      this.#failures = 0;
    } catch {
      answers = [];
      for (const frame of frames) answers.push(await this.#retry(frame));
    }
    this.#telemetry.emit({ type: 'batch-inferred', size: frames.length, durationMs: now() - start });
    return frames.map((_, i) => answers[i]);
  }

  async #retry(frame: Frame): Promise<readonly Detection[] | undefined> {
    try {
      const [detections] = await this.#detector.detect([frame], this.#detectOptions);
      this.#failures = 0;
      return detections;
    } catch (error) {
      this.reject(describeError(error));
      this.#failures++;
      if (this.#failures < this.#options.failuresMax) return undefined;
      throw new LogowatchError(
        'engine-unavailable',
        `the detector refused ${this.#failures} frames in a row`,
        {
          value: `${this.#detector.model.engine}: ${describeError(error)}`,
          remedy: 'Choose another engine, or check the model with `logowatch detect`',
          cause: error,
        },
      );
    }
  }

  reject(reason: string): void {
    this.#telemetry.emit({ type: 'record-rejected', topic: 'frames', reason });
  }
}
