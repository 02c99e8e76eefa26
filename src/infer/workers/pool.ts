import { availableParallelism } from 'node:os';
import type { Detection } from '../../core/detection.js';
import type { DetectOptions, Detector, DetectorImage, ModelInfo } from '../detector.js';
import { canRunOnnx } from '../engines/onnx.js';
import { readManifest } from '../model/load.js';
import { isWrapped, parseWrapped } from '../model/wrapped.js';
import { createDetector } from '../network-detector.js';
import { DetectorThread } from './thread.js';

export interface PoolOptions {
  /** One of ENGINE_KINDS; default `auto`. */
  readonly engine?: string | undefined;
  /** Pictures looked at side by side, each by a thread of its own; default one a processor, THREADS_MAX at most. */
  readonly threads?: number | undefined;
}

/** A thread holds the model once more, about 100 MB with all that belongs to it. */
const THREADS_MAX = 8;

/**
 * A detector off the event loop: ONNX Runtime computes in the thread that asks it, so each picture goes to a worker thread.
 * On two processors two of them look at twice as many pictures as one, while one picture on two threads gains a third.
 * TensorFlow.js stays in the caller's thread: its native addon loads in one thread alone, and a GPU is shared badly.
 * Errors: as of createDetector.
 */
export async function openDetector(folder: string, options: PoolOptions = {}): Promise<Detector> {
  const engine = options.engine ?? 'auto';
  const threads = options.threads ?? Math.min(THREADS_MAX, availableParallelism());
  if (engine === 'tfjs' || !canRunOnnx() || (await isTfjs(folder)))
    return createDetector(folder, { engine, threads });
  const opening = Array.from({ length: threads }, () => DetectorThread.open({ folder, engine }));
  const opened = await Promise.allSettled(opening);
  const ready = opened.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
  const refused = opened.find((o) => o.status === 'rejected');
  if (refused === undefined) return new DetectorPool(ready);
  await Promise.all(ready.map((thread) => thread.close()));
  throw refused.reason;
}

/** A user's own network that TensorFlow.js runs. */
async function isTfjs(folder: string): Promise<boolean> {
  const { value, path } = await readManifest(folder);
  return isWrapped(value) && parseWrapped(value, path).foreign.kind !== 'onnx';
}

interface Job {
  readonly image: DetectorImage;
  readonly options: DetectOptions;
  readonly resolve: (found: Detection[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Threads of one model; a picture goes to the next that is idle. Callers bound what waits here. */
class DetectorPool implements Detector {
  readonly model: ModelInfo;
  readonly batchSize = 1;
  readonly concurrency: number;
  readonly #threads: readonly DetectorThread[];
  readonly #idle: DetectorThread[];
  readonly #waiting: Job[] = [];

  constructor(threads: readonly DetectorThread[]) {
    this.#threads = threads;
    this.#idle = [...threads];
    this.model = threads[0]!.model;
    this.concurrency = threads.length;
  }

  async detect(images: readonly DetectorImage[], options: DetectOptions = {}): Promise<Detection[][]> {
    return Promise.all(images.map((image) => this.#look(image, options)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #look(image: DetectorImage, options: DetectOptions): Promise<Detection[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ image, options, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    const thread = this.#waiting.length === 0 ? undefined : this.#idle.pop();
    if (thread === undefined) return;
    const { image, options, resolve, reject } = this.#waiting.shift()!;
    thread
      .look(image, options)
      .then(resolve, reject)
      .finally(() => {
        this.#idle.push(thread);
        this.#next();
      });
  }
}
