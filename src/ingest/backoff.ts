const FIRST_MS = 2_000;
const MAX_MS = 60_000;

/**
 * Wait before try number `attempt` (from 0): exponential with equal jitter, 1 s at least and 60 s at most, so that
 * a thousand streams of one server do not come back in the same second. `random` gives 0 to 1.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
