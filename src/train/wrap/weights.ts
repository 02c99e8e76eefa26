import type { BrandCalibration } from '../../infer/manifest.js';
import type { PlaceSample } from '../calibrate.js';

/** Weights that are believed without evidence, and how firmly. */
const PRIOR = 0.5;
const FIRMNESS = 0.5;
/** How "some logo" weighs beside the second look: as in models that are trained, see RATIO in ../calibrate.ts. */
const LOGO_SHARE = 0.3;
const STEPS = 60;

/**
 * How much the user's network (`look`) and ours (`logo`, `verify`) weigh: logistic regression of "this brand is here",
 * by Newton's method with a ridge towards PRIOR. Neither weight is negative.
 */
export function fitWeights(
  samples: readonly PlaceSample[],
): Pick<BrandCalibration, 'logo' | 'look' | 'verify'> {
  const rows = samples.map(({ logo, look, verify, positive }) => ({
    x: [look, verify + LOGO_SHARE * logo, 1],
    positive,
  }));
  const w = [PRIOR, PRIOR, 0];
  for (let step = 0; step < STEPS; step++) {
    const g = [FIRMNESS * (w[0]! - PRIOR), FIRMNESS * (w[1]! - PRIOR), 0];
    const h = [
      [FIRMNESS, 0, 0],
      [0, FIRMNESS, 0],
      [0, 0, 1e-6],
    ];
    for (const { x, positive } of rows) {
      const p = 1 / (1 + Math.exp(-(w[0]! * x[0]! + w[1]! * x[1]! + w[2]!)));
      const error = p - (positive ? 1 : 0);
      const curvature = p * (1 - p) + 1e-9;
      for (let i = 0; i < 3; i++) {
        g[i] = g[i]! + error * x[i]!;
        for (let j = 0; j < 3; j++) h[i]![j] = h[i]![j]! + curvature * x[i]! * x[j]!;
      }
    }
    const d = solve(h, g);
    const size = d.reduce((sum, v) => sum + Math.abs(v), 0);
    const damp = Math.min(1, 2 / (size + 1e-9));
    d.forEach((v, i) => {
      w[i] = i === 2 ? w[i]! - damp * v : Math.max(0, w[i]! - damp * v);
    });
    if (size < 1e-7) break;
  }
  return { logo: LOGO_SHARE * w[1]!, look: w[0]!, verify: w[1]! };
}

/** Cramer's rule. */
function solve(m: readonly (readonly number[])[], v: readonly number[]): number[] {
  const det = (a: readonly (readonly number[])[]): number =>
    a[0]![0]! * (a[1]![1]! * a[2]![2]! - a[1]![2]! * a[2]![1]!) -
    a[0]![1]! * (a[1]![0]! * a[2]![2]! - a[1]![2]! * a[2]![0]!) +
    a[0]![2]! * (a[1]![0]! * a[2]![1]! - a[1]![1]! * a[2]![0]!);
  const whole = det(m);
  return [0, 1, 2].map(
    (column) => det(m.map((row, r) => row.map((x, c) => (c === column ? v[r]! : x)))) / whole,
  );
}
