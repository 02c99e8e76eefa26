import { CROP_CHANNELS, CROP_LAYER, type Network, type Tensor, VERIFY_LAYER } from '../../infer/network.js';
import type { Bank } from '../bank.js';

const D = CROP_CHANNELS;
/** Share of the mean variance added to every direction, so that few examples do not invent certainty. */
const SHRINKAGE = 0.05;
/** Examples of a brand in all that weigh as much as the background's own spread. */
const WITHIN_SHARE = 0.5;

/**
 * Fisher's linear discriminant of each brand's crops against the background bank, with one covariance for all: of two
 * normal distributions the log-likelihood ratio is w.x + b with w = S^-1 (m - m0), b = -w.(m + m0) / 2. Closed form, so
 * that a handful of examples a brand takes seconds. The result is a head that reads the shipped network's crops.
 * @param examples of each brand, rows of CROP_CHANNELS
 */
export function discriminantHead(examples: readonly (readonly Float32Array[])[], bank: Bank): Network {
  const background = bank.flatMap(({ crops: { data } }) =>
    Array.from({ length: data.length / D }, (_, i) => data.subarray(i * D, (i + 1) * D)),
  );
  const m0 = mean(background);
  const means = examples.map(mean);
  const s = new Float64Array(D * D);
  addCovariance(s, background, m0, (1 - WITHIN_SHARE) / background.length);
  const total = examples.reduce((n, rows) => n + rows.length, 0);
  examples.forEach((rows, k) => {
    addCovariance(s, rows, means[k]!, WITHIN_SHARE / total);
  });
  let trace = 0;
  for (let i = 0; i < D; i++) trace += s[i * D + i]!;
  for (let i = 0; i < D; i++) s[i * D + i]! += (SHRINKAGE * trace) / D;
  const k = examples.length;
  const weights = new Float32Array(D * k);
  const bias = new Float32Array(k);
  const w = solve(
    s,
    means.map((m) => m.map((v, i) => v - m0[i]!)),
  );
  means.forEach((m, brand) => {
    w[brand]!.forEach((v, i) => {
      weights[i * k + brand] = v;
      bias[brand]! -= (v * (m[i]! + m0[i]!)) / 2;
    });
  });
  const tensors = new Map<string, Tensor>([
    ['verify.weights', { shape: [1, 1, D, k], data: weights }],
    ['verify.bias', { shape: [k], data: bias }],
  ]);
  const layer = { op: 'conv', name: VERIFY_LAYER, input: CROP_LAYER, stride: 1, activation: 'none' } as const;
  return {
    layers: [{ ...layer, weights: 'verify.weights', bias: 'verify.bias' }],
    tensors,
    outputs: [VERIFY_LAYER],
  };
}

function mean(rows: readonly Float32Array[]): Float64Array {
  const m = new Float64Array(D);
  for (const row of rows) for (let i = 0; i < D; i++) m[i]! += row[i]! / rows.length;
  return m;
}

function addCovariance(
  s: Float64Array,
  rows: readonly Float32Array[],
  m: Float64Array,
  weight: number,
): void {
  const d = new Float64Array(D);
  for (const row of rows) {
    for (let i = 0; i < D; i++) d[i] = row[i]! - m[i]!;
    for (let i = 0; i < D; i++) {
      const v = d[i]! * weight;
      for (let j = 0; j < D; j++) s[i * D + j]! += v * d[j]!;
    }
  }
}

/** S x = b for each b, by Gaussian elimination; S is positive definite, so that no pivot is near 0. */
function solve(s: Float64Array, right: readonly Float64Array[]): Float64Array[] {
  const a = Float64Array.from(s);
  const x = right.map((b) => Float64Array.from(b));
  for (let p = 0; p < D; p++) {
    for (let r = p + 1; r < D; r++) {
      const factor = a[r * D + p]! / a[p * D + p]!;
      for (let c = p; c < D; c++) a[r * D + c]! -= factor * a[p * D + c]!;
      for (const b of x) b[r]! -= factor * b[p]!;
    }
  }
  for (const b of x)
    for (let r = D - 1; r >= 0; r--) {
      for (let c = r + 1; c < D; c++) b[r]! -= a[r * D + c]! * b[c]!;
      b[r]! /= a[r * D + r]!;
    }
  return x;
}
