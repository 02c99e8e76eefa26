/** Sample autocorrelation at lags 0..lagMax (biased estimator, divides by n); all 0 past lag 0 for a constant. */
export function autocorrelation(series: ArrayLike<number>, lagMax: number): Float64Array {
  const n = series.length;
  const rho = new Float64Array(lagMax + 1);
  rho[0] = 1;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += series[i]! / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += (series[i]! - mean) ** 2;
  if (!(variance > 0)) return rho;
  for (let lag = 1; lag <= Math.min(lagMax, n - 1); lag++) {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += (series[i]! - mean) * (series[i - lag]! - mean);
    rho[lag] = sum / variance;
  }
  return rho;
}

/**
 * Integrated autocorrelation time in samples: 1 + 2 sum of rho, summed over pairs of neighbouring lags while a pair is
 * positive (Geyer 1992, initial positive sequence). n samples are worth n / time independent ones. At least 1.
 */
export function integratedTime(rho: ArrayLike<number>): number {
  let time = -1;
  for (let lag = 0; lag + 1 < rho.length; lag += 2) {
    const pair = rho[lag]! + rho[lag + 1]!;
    if (pair <= 0) break;
    time += 2 * pair;
  }
  return Math.max(1, time);
}

export function effectiveSampleSize(
  series: ArrayLike<number>,
  lagMax = Math.floor(series.length / 4),
): number {
  return series.length / integratedTime(autocorrelation(series, lagMax));
}
