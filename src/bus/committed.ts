import { LogowatchError } from '../core/errors.js';

/**
 * Waits for a commit. False where the partition was lost meanwhile: nothing was published, and whoever has it now reads
 * the batch again. Other failures are thrown.
 */
export async function committed(commit: Promise<void>): Promise<boolean> {
  try {
    await commit;
    return true;
  } catch (error) {
    if (error instanceof LogowatchError && error.code === 'partition-lost') return false;
    throw error;
  }
}
