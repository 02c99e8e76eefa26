import { Worker } from 'node:worker_threads';
import type { FactRows } from '../core/fact-rows.js';
import type { ExposureQuestion } from './exposure-answer.js';
import type { ExposureReply, ExposureTask } from './exposure-worker.js';

type Task = ExposureTask extends infer T ? (T extends unknown ? Omit<T, 'job'> : never) : never;

interface Waiting {
  readonly resolve: (reply: ExposureReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Counts in a thread of its own: a month takes a second and more, in which this one has streams, pages and the bus to serve. The
 * thread is started with the first question, and again after it died.
 */
export class ExposureThread {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  /**
   * The answer, JSON in UTF-8.
   * @param slices taken over, buffers and all; two at most are held
   */
  async answer(question: ExposureQuestion, slices: AsyncIterable<FactRows>): Promise<Buffer> {
    const job = this.#next++;
    let counted = this.#ask(job, { begin: question });
    // A slice may fail, or this while the first one is still to come: nobody waits for it then.
    counted.catch(() => undefined);
    try {
      for await (const rows of slices) {
        await counted;
        counted = this.#ask(job, { rows }, [rows.values.buffer, rows.brand.buffer]);
        counted.catch(() => undefined);
      }
      await counted;
    } catch (error) {
      await counted.catch(() => undefined);
      await this.#ask(job, { end: 'given up' }).catch(() => undefined);
      throw error;
    }
    const { json } = await this.#ask(job, { end: 'answered' });
    return Buffer.from(json!.buffer);
  }

  close(): void {
    void this.#worker?.terminate();
  }

  /** One at a time of each job. */
  #ask(job: number, task: Task, transfer: readonly ArrayBufferLike[] = []): Promise<ExposureReply> {
    const worker = this.#running();
    return new Promise((resolve, reject) => {
      this.#waiting.set(job, { resolve, reject });
      worker.postMessage({ ...task, job }, transfer as readonly ArrayBuffer[]);
    });
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // What this process was started with is not meant for it.
    const worker = new Worker(new URL('./exposure-worker.js', import.meta.url), { execArgv: [] });
    worker.unref();
    worker.on('message', ({ job, error, ...reply }: ExposureReply) => {
      const waiting = this.#waiting.get(job);
      this.#waiting.delete(job);
      if (error === undefined) waiting?.resolve({ job, ...reply });
      else waiting?.reject(new Error(error));
    });
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', () => this.#end(new Error('The thread that counts exposure has ended')));
    this.#worker = worker;
    return worker;
  }

  #end(error: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
