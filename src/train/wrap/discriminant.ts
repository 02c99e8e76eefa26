import {
  CROP_CHANNELS,
  CROP_LAYER,
  type Layer,
  type Network,
  type Tensor,
  VERIFY_LAYER,
} from '../../infer/network.js';
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
  const unit = deviations(background, m0);
  const s = new Float64Array(D * D);
  addCovariance(s, background, m0, unit, (1 - WITHIN_SHARE) / background.length);
  const total = examples.reduce((n, rows) => n + rows.length, 0);
  examples.forEach((rows, k) => {
    addCovariance(s, rows, means[k]!, unit, WITHIN_SHARE / total);
  });
  let trace = 0;
  for (let i = 0; i < D; i++) trace += s[i * D + i]!;
  for (let i = 0; i < D; i++) {
    s[i * D + i]! += (SHRINKAGE * trace) / D;
    for (let j = 0; j < i; j++) s[j * D + i] = s[i * D + j]!;
  }
  const solved = solve(
    s,
    means.map((m) => m.map((v, i) => (v - m0[i]!) / unit[i]!)),
  );
  const weights = solved.map((w) => w.map((v, i) => v / unit[i]!));
  const bias = means.map((m, brand) =>
    m.reduce((sum, v, i) => sum - (weights[brand]![i]! * (v + m0[i]!)) / 2, 0),
  );
  return linearHead(weights, bias);
}

function linearHead(weights: readonly Float64Array[], bias: readonly number[]): Network {
  const k = bias.length;
  const data = new Float32Array(D * k);
  for (let i = 0; i < D; i++)
    for (let brand = 0; brand < k; brand++) data[i * k + brand] = weights[brand]![i]!;
  const tensors = new Map<string, Tensor>([
    [`${VERIFY_LAYER}.weights`, { shape: [1, 1, D, k], data }],
    [`${VERIFY_LAYER}.bias`, { shape: [k], data: Float32Array.from(bias) }],
  ]);
  const layer: Layer = {
    op: 'conv',
    name: VERIFY_LAYER,
    input: CROP_LAYER,
    stride: 1,
    activation: 'none',
    weights: `${VERIFY_LAYER}.weights`,
    bias: `${VERIFY_LAYER}.bias`,
  };
  return { layers: [layer], tensors, outputs: [VERIFY_LAYER] };
}

function mean(rows: readonly Float32Array[]): Float64Array {
  const m = new Float64Array(D);
  for (const row of rows) for (let i = 0; i < D; i++) m[i]! += row[i]! / rows.length;
  return m;
}

/** Of each channel, so that all count alike. */
function deviations(rows: readonly Float32Array[], m: Float64Array): Float64Array {
  const squares = new Float64Array(D);
  for (const row of rows) for (let i = 0; i < D; i++) squares[i]! += (row[i]! - m[i]!) ** 2 / rows.length;
  return squares.map((v) => Math.sqrt(v) + 1e-6);
}

/** The lower half alone. */
function addCovariance(
  s: Float64Array,
  rows: readonly Float32Array[],
  m: Float64Array,
  unit: Float64Array,
  weight: number,
): void {
  const d = new Float64Array(D);
  for (const row of rows) {
    for (let i = 0; i < D; i++) d[i] = (row[i]! - m[i]!) / unit[i]!;
    for (let i = 0; i < D; i++) {
      const v = d[i]! * weight;
      for (let j = 0; j <= i; j++) s[i * D + j]! += v * d[j]!;
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
