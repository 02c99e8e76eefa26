import type { Detection } from '../core/detection.js';
import { LogowatchError } from '../core/errors.js';
import type { DetectOptions, Detector, DetectorImage, ModelInfo } from './detector.js';

/** A detector whose place another one may take while it is at work: each call is answered by one of the two, whole. */
export class ReplaceableDetector implements Detector {
  #current: Detector;
  /** Calls under way, of the current detector and of those before it. */
  readonly #calls = new Map<Detector, Set<Promise<unknown>>>();
  readonly #closing = new Set<Promise<void>>();

  constructor(first: Detector) {
    this.#current = first;
  }

  /** Of the calls that begin now. */
  get model(): ModelInfo {
    return this.#current.model;
  }

  get batchSize(): number | undefined {
    return this.#current.batchSize;
  }

  get concurrency(): number | undefined {
    return this.#current.concurrency;
  }

  async detect(images: readonly DetectorImage[], options?: DetectOptions): Promise<Detection[][]> {
    const detector = this.#current;
    const call = detector.detect(images, options);
    const calls = this.#calls.get(detector) ?? new Set();
    this.#calls.set(detector, calls.add(call));
    try {
      return await call;
    } finally {
      calls.delete(call);
    }
  }

  /**
   * From now on `next` is asked; the one before is closed once it has answered. Errors: model-incompatible where frames have a size that
   * `next` cannot look at; it is closed then.
   */
  async replaceBy(next: Detector): Promise<void> {
    const before = this.#current;
    const sizes = (model: ModelInfo) => model.inputs.map(({ width, height }) => `${width}x${height}`);
    const known = sizes(next.model);
    const lost = sizes(before.model).find((size) => !known.includes(size));
    if (lost !== undefined) {
      await next.close();
      throw new LogowatchError('model-incompatible', 'The new model looks at frames of another size', {
        value: `${known.join(', ')} instead of ${lost}`,
        remedy: 'Start logowatch again to use it',
      });
    }
    this.#current = next;
    const closed = this.#closeIdle(before).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closing, this.#closeIdle(this.#current)]);
  }

  async #closeIdle(detector: Detector): Promise<void> {
    await Promise.allSettled(this.#calls.get(detector) ?? []);
    this.#calls.delete(detector);
    await detector.close();
  }
}
