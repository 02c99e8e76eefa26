import type { SmoothingParameters } from './parameters.js';

/**
 * The forward filter of a two-state Markov chain (on, off) in continuous time with mean stays `meanOnMs` and
 * `meanOffMs` (Rabiner 1989, section III.A). It holds an appearance through weak frames that a threshold on
 * single frames would lose, and lets go when weakness lasts.
 *
 * @param pOn probability of `on` after the frame before, 0..1
 * @param evidence this frame's log-likelihood ratio, nats
 * @param elapsedMs media time since the frame before
 * @returns probability of `on` after this frame, 0..1
 */
export function hmmStep(
  pOn: number,
  evidence: number,
  elapsedMs: number,
  parameters: SmoothingParameters,
): number {
  const leave = 1 / parameters.meanOnMs;
  const enter = 1 / parameters.meanOffMs;
  const stationary = enter / (enter + leave);
  const prior = stationary + (pOn - stationary) * Math.exp(-(enter + leave) * Math.max(0, elapsedMs));
  const on = prior * Math.exp(evidence);
  return on / (on + 1 - prior);
}
