import type { Matrix } from './dense.js';
import type { Verdict } from './measures.js';

type Judge = (x: Matrix, row: number) => Verdict;

/** Mean of the rows subtracted, then length 1: what the cosine is taken of. */
function unit(x: Matrix, row: number, mean: Float64Array): Float64Array {
  const out = mean.map((m, i) => x.data[row * x.columns + i]! - m);
  const length = Math.sqrt(out.reduce((sum, v) => sum + v * v, 0)) || 1;
  return out.map((v) => v / length);
}

function meanOf(x: Matrix, rows: readonly number[]): Float64Array {
  const mean = new Float64Array(x.columns);
  for (const row of rows) for (let i = 0; i < mean.length; i++) mean[i]! += x.data[row * mean.length + i]!;
  return mean.map((v) => v / rows.length);
}

/** Cosine to the nearest training crop, and that crop's brand (k = 1; Sun et al. 2022 take the k-th). */
export function nearestNeighbour(x: Matrix, rows: readonly number[], labels: readonly number[]): Judge {
  const mean = meanOf(x, rows);
  const known = rows.map((row) => unit(x, row, mean));
  return (queries, row) => {
    const q = unit(queries, row, mean);
    let best = { score: Number.NEGATIVE_INFINITY, brand: -1 };
    known.forEach((k, at) => {
      let score = 0;
      for (let i = 0; i < k.length; i++) score += k[i]! * q[i]!;
      if (score > best.score) best = { score, brand: labels[at]! };
    });
    return best;
  };
}

/** Part of the pooled variance put on the diagonal: there are hardly more crops than channels. */
const SHRINKAGE = 0.1;

/** Minus the squared Mahalanobis distance to the nearest brand's mean, one covariance for all (Lee et al. 2018). */
export function mahalanobis(
  x: Matrix,
  rows: readonly number[],
  labels: readonly number[],
  brands: number,
): Judge {
  const n = x.columns;
  const means = Array.from({ length: brands }, (_, b) =>
    meanOf(
      x,
      rows.filter((_, i) => labels[i] === b),
    ),
  );
  const covariance = new Float64Array(n * n);
  rows.forEach((row, at) => {
    const d = means[labels[at]!]!.map((m, i) => x.data[row * n + i]! - m);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) covariance[i * n + j]! += (d[i]! * d[j]!) / rows.length;
  });
  let trace = 0;
  for (let i = 0; i < n; i++) trace += covariance[i * n + i]! / n;
  for (let i = 0; i < n * n; i++) covariance[i]! *= 1 - SHRINKAGE;
  for (let i = 0; i < n; i++) covariance[i * n + i]! += SHRINKAGE * trace;
  const lower = cholesky(covariance, n);
  const centres = means.map((mean) => solveLower(lower, mean));
  return (queries, row) => {
    const q = solveLower(lower, Float64Array.from(queries.data.subarray(row * n, (row + 1) * n)));
    let best = { score: Number.NEGATIVE_INFINITY, brand: -1 };
    centres.forEach((centre, brand) => {
      const score = -centre.reduce((sum, c, i) => sum + (q[i]! - c) ** 2, 0);
      if (score > best.score) best = { score, brand };
    });
    return best;
  };
}

/** L of A = L L', row by row; only A's lower half is read. */
export function cholesky(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
    }
  }
  return l;
}

/** y of L y = b. */
export function solveLower(l: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * y[k]!;
    y[i] = sum / l[i * n + i]!;
  }
  return y;
}
