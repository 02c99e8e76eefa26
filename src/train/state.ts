import { mkdir } from 'node:fs/promises';
import { errnoCode, LogowatchError } from '../core/errors.js';

/** The folder beside a model that a run works in until the model is whole. */
export const workFolder = (output: string): string => `${output.replace(/[/\\]+$/, '')}.partial`;

export async function openWorkFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw storageError(cause, folder);
  }
}

export function storageError(cause: unknown, path: string): unknown {
  if (cause instanceof LogowatchError) return cause;
  const full = errnoCode(cause) === 'ENOSPC';
  return new LogowatchError(full ? 'disk-full' : 'usage', 'training cannot write its files', {
    value: path,
    remedy: full
      ? 'Free some space (40 kB a frame) and run again: it goes on where it stopped'
      : 'Name a folder that can be written',
    cause,
  });
}
