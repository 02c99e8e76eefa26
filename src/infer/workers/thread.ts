import { Worker } from 'node:worker_threads';
import type { Detection } from '../../core/detection.js';
import { describeError, LogowatchError } from '../../core/errors.js';
import type { DetectOptions, DetectorImage, ModelInfo } from '../detector.js';
import { type Answer, BUSY, type Question, receivedError, type WorkerStart } from './protocol.js';

interface Waiting {
  readonly resolve: (answer: Exclude<Answer, { kind: 'failed' }>) => void;
  readonly reject: (error: unknown) => void;
}

/** Longest wait for a picture, or a model, when the process leaves. */
const LEAVE_MS_MAX = 3_000;
const running = new Set<DetectorThread>();

/**
 * A thread that is cut off inside ONNX Runtime takes the process down with an abort (`Napi::Error`), whatever exit code it had.
 * Answers cannot arrive any more, so the threads tell by shared memory that they are out of it.
 */
process.on('exit', () => {
  const end = performance.now() + LEAVE_MS_MAX;
  for (const thread of running) thread.awaitIdle(Math.max(0, end - performance.now()));
});

/** The caller's side of one worker thread. One question at a time. */
export class DetectorThread {
  readonly #worker: Worker;
  readonly #ended: Promise<unknown>;
  /** IDLE or BUSY: in shared memory, since the process may leave without hearing of it. */
  readonly #state = new Int32Array(new SharedArrayBuffer(4));
  #pixels = new SharedArrayBuffer(0);
  #waiting: Waiting | undefined;
  #failure: LogowatchError | undefined;
  #model: ModelInfo | undefined;

  /** Errors: as of createDetector. */
  static async open(start: Omit<WorkerStart, 'state'>): Promise<DetectorThread> {
    const thread = new DetectorThread(start);
    try {
      const answer = await thread.#answer();
      if (answer.kind === 'ready') thread.#model = answer.model;
      return thread;
    } catch (error) {
      await thread.#worker.terminate();
      throw error;
    }
  }

  private constructor(start: Omit<WorkerStart, 'state'>) {
    this.#state[0] = BUSY;
    const workerData: WorkerStart = { ...start, state: this.#state };
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
    running.add(this);
    // Not events.once, which rejects at the first error: that one is told below.
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.on('message', (answer: Answer) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#fail(describeError(error), error));
    this.#worker.on('exit', () => {
      running.delete(this);
      this.#fail('it ended');
    });
  }

  get model(): ModelInfo {
    return this.#model!;
  }

  /** Rejects with `engine-unavailable` once the thread is gone. */
  async look(image: DetectorImage, options: DetectOptions): Promise<Detection[]> {
    const { data, ...picture } = image;
    if (this.#pixels.byteLength < data.length) this.#pixels = new SharedArrayBuffer(data.length);
    new Uint8Array(this.#pixels).set(data);
    const answer = this.#answer();
    Atomics.store(this.#state, 0, BUSY);
    const question: Question = { picture, pixels: this.#pixels, bytes: data.length, options };
    this.#worker.postMessage(question);
    const found = await answer;
    return found.kind === 'found' ? found.detections : [];
  }

  /** Lets the picture under way be finished. */
  async close(): Promise<void> {
    this.#worker.postMessage('close');
    await this.#ended;
  }

  /** Blocks until the thread is out of the engine, `ms` at most. */
  awaitIdle(ms: number): void {
    Atomics.wait(this.#state, 0, BUSY, ms);
  }

  #answer(): Promise<Exclude<Answer, { kind: 'failed' }>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      else this.#waiting = { resolve, reject };
    });
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (answer.kind === 'failed') waiting?.reject(receivedError(answer.error));
    else waiting?.resolve(answer);
  }

  #fail(reason: string, cause?: unknown): void {
    this.#failure ??= new LogowatchError('engine-unavailable', 'A thread of the detector is gone', {
      value: reason,
      remedy: 'Start logowatch again; if it happens again, try --threads 1 or --engine tfjs',
      cause,
    });
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}
