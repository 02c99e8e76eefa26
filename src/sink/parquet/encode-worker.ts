import { parentPort, workerData } from 'node:worker_threads';
import { errnoCode } from '../../core/errors.js';
import { type Content, type EncodeTask, writeParquet } from './encode.js';

export type EncodeAnswer =
  | { readonly content: Content }
  | { readonly message: string; readonly code: string | undefined };

async function answer(): Promise<EncodeAnswer> {
  try {
    return { content: await writeParquet(workerData as EncodeTask) };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error), code: errnoCode(error) };
  }
}

parentPort?.postMessage(await answer());
