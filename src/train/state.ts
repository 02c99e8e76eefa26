import { mkdir } from 'node:fs/promises';
import { storageError } from './storage-error.js';

/** The folder beside a model that a run works in until the model is whole. */
export const workFolder = (output: string): string => `${output.replace(/[/\\]+$/, '')}.partial`;

export async function openWorkFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw storageError(cause, folder);
  }
}
