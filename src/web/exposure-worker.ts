import { parentPort } from 'node:worker_threads';
import type { FactRows } from '../core/fact-rows.js';
import { ExposureAnswer, type ExposureQuestion } from './exposure-answer.js';

export type ExposureTask = { readonly job: number } & (
  | { readonly begin: ExposureQuestion }
  | { readonly rows: FactRows }
  | { readonly end: 'answered' | 'given up' }
);

export interface ExposureReply {
  readonly job: number;
  /** Once a job has ended: its answer, JSON in UTF-8. */
  readonly json?: Uint8Array<ArrayBuffer>;
  readonly error?: string;
}

const port = parentPort!;
const jobs = new Map<number, ExposureAnswer>();

function perform(task: ExposureTask): Uint8Array<ArrayBuffer> | undefined {
  if ('begin' in task) {
    jobs.set(task.job, new ExposureAnswer(task.begin));
    return undefined;
  }
  const answer = jobs.get(task.job);
  if (answer === undefined) throw new Error('the thread that had begun it is gone');
  if ('rows' in task) {
    answer.add(task.rows);
    return undefined;
  }
  jobs.delete(task.job);
  return task.end === 'answered' ? new TextEncoder().encode(JSON.stringify(answer.end())) : undefined;
}

port.on('message', (task: ExposureTask) => {
  const { job } = task;
  try {
    const json = perform(task);
    if (json === undefined) port.postMessage({ job } satisfies ExposureReply);
    else port.postMessage({ job, json } satisfies ExposureReply, [json.buffer]);
  } catch (error) {
    port.postMessage({ job, error: (error as Error).message } satisfies ExposureReply);
  }
});
