import { isDiskFull, LogowatchError } from '../core/errors.js';

/** What it means that a file of a run, or the model, cannot be written: disk-full or usage. */
export function storageError(cause: unknown, path: string): unknown {
  if (cause instanceof LogowatchError) return cause;
  const full = isDiskFull(cause);
  return new LogowatchError(full ? 'disk-full' : 'usage', 'training cannot write its files', {
    value: path,
    remedy: full
      ? 'Free some space (60 kB a frame) and run again: it goes on where it stopped'
      : 'Name a folder that can be written',
    cause,
  });
}
