/**
 * Waits for `work`, but no longer than until the abort; what happens to the work after that is nobody's concern. Each wait has
 * a promise of its own: one that lives as long as a stream would keep what was ever raced against it.
 */
export async function unlessAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  let stop: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
