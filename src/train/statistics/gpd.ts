import type { Gpd } from '../../infer/smooth/tail.js';

/** Excesses that a fit of its own needs; with fewer, the exponential tail is used. */
export const FIT_MIN = 10;
/** The prior on the shape for small samples: worth so many excesses of a shape of 0. */
const PRIOR_WEIGHT = 10;

/**
 * Fit to excesses, all above 0: the quasi-Bayesian estimator of Zhang and Stephens (2009), which has no failures of
 * convergence, with the shape drawn towards 0 as if ten more excesses had said so (as in Vehtari et al. 2024, who
 * draw it towards 0.5 for weights; evidence over time has tails near the exponential).
 */
export function fitGpd(excesses: readonly number[]): Gpd {
  const x = excesses.toSorted((a, b) => a - b);
  const n = x.length;
  const mean = x.reduce((sum, v) => sum + v, 0) / n;
  if (n === 0) return { shape: 0, scale: 0 };
  if (n < FIT_MIN || !(x[n - 1]! > x[0]!)) return { shape: 0, scale: mean };
  const quartile = x[Math.floor(n / 4 + 0.5) - 1]!;
  const points = 20 + Math.floor(Math.sqrt(n));
  const thetas: number[] = [];
  const logLikelihoods: number[] = [];
  for (let j = 1; j <= points; j++) {
    const theta = 1 / x[n - 1]! + (1 - Math.sqrt(points / (j - 0.5))) / (3 * quartile);
    thetas.push(theta);
    const k = -meanLog(x, theta);
    logLikelihoods.push(n * (Math.log(theta / k) + k - 1));
  }
  const weights = logLikelihoods.map(
    (l) => 1 / logLikelihoods.reduce((s, other) => s + Math.exp(other - l), 0),
  );
  const theta = thetas.reduce((sum, t, j) => sum + t * (Number.isFinite(weights[j]!) ? weights[j]! : 0), 0);
  // In their sign the shape is -k; theta = k / scale.
  const raw = meanLog(x, theta);
  const scale = -raw / theta;
  if (!Number.isFinite(raw) || !Number.isFinite(scale) || scale <= 0) return { shape: 0, scale: mean };
  const shape = (raw * n) / (n + PRIOR_WEIGHT);
  // The mean is kept where it is: it is what is known best.
  return { shape, scale: shape < 1 && raw < 1 ? (scale * (1 - shape)) / (1 - raw) : scale };
}

const meanLog = (x: readonly number[], theta: number): number =>
  x.reduce((sum, v) => sum + Math.log1p(-theta * v), 0) / x.length;
