import type { Parameters } from './mlp.js';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
const GRADIENT_NORM_MAX = 5;

/** AdamW (Loshchilov & Hutter 2019): decay apart from the gradient, on weights but not on biases. In place. */
export class AdamW {
  readonly weightDecay: number;
  readonly m: Map<string, Float32Array>;
  readonly v: Map<string, Float32Array>;
  steps = 0;

  constructor(parameters: Parameters, weightDecay: number) {
    this.weightDecay = weightDecay;
    const zeros = (): Map<string, Float32Array> =>
      new Map([...parameters].map(([n, p]) => [n, new Float32Array(p.data.length)]));
    this.m = zeros();
    this.v = zeros();
  }

  step(parameters: Parameters, gradients: ReadonlyMap<string, Float32Array>, rate: number): void {
    this.steps++;
    let norm = 0;
    for (const g of gradients.values()) for (let i = 0; i < g.length; i++) norm += g[i]! * g[i]!;
    const scale = Math.min(1, GRADIENT_NORM_MAX / (Math.sqrt(norm) + 1e-12));
    const c1 = 1 - BETA1 ** this.steps;
    const c2 = 1 - BETA2 ** this.steps;
    for (const [name, { data, shape }] of parameters) {
      const g = gradients.get(name)!;
      const m = this.m.get(name)!;
      const v = this.v.get(name)!;
      const keep = shape.length > 1 ? 1 - rate * this.weightDecay : 1;
      for (let i = 0; i < data.length; i++) {
        const gi = g[i]! * scale;
        m[i] = BETA1 * m[i]! + (1 - BETA1) * gi;
        v[i] = BETA2 * v[i]! + (1 - BETA2) * gi * gi;
        data[i] = data[i]! * keep - (rate * m[i]!) / c1 / (Math.sqrt(v[i]! / c2) + EPSILON);
      }
    }
  }
}
