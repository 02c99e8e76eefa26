import type { Erased } from './store.js';

const DAY_MS = 86_400_000;

/**
 * Erases what ended more than `days` ago, now and once a day. `erase` is given the time before which, `onFailure` why a day's
 * erasing failed: the next day's makes up for it. Returns how to stop it, which resolves when none is under way.
 */
export function startRetention(
  days: number,
  erase: (before: string) => Promise<Erased>,
  onFailure: (error: unknown) => void,
  everyMs = DAY_MS,
): () => Promise<void> {
  let running = Promise.resolve();
  const run = () => {
    running = running
      .then(() => erase(new Date(Date.now() - days * DAY_MS).toISOString()))
      .then(() => undefined, onFailure);
  };
  run();
  const timer = setInterval(run, everyMs).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
