import { setImmediate as pause } from 'node:timers/promises';
import { AdamW } from '../../src/train/head/adamw.js';
import type { Parameter, Parameters } from '../../src/train/head/mlp.js';
import { Rng } from '../../src/train/rng.js';

/** Rows of features, row by row. */
export interface Matrix {
  readonly data: Float32Array;
  readonly columns: number;
}

export interface DenseOptions {
  readonly outputs: number;
  /** Width of a hidden layer with ReLU; 0 for none. */
  readonly hidden: number;
  readonly loss: 'softmax' | 'sigmoid';
  readonly epochs: number;
  readonly seed: number;
  /** Called after each epoch. */
  readonly onEpoch?: ((done: number) => void) | undefined;
}

const BATCH = 64;
const RATE = 3e-3;
/** None, as in the recipe that is studied. */
const WEIGHT_DECAY = 0;

/** A dense layer, or two, on standardised features: the "head" that a transfer-learning tutorial puts on a trunk. */
export class DenseHead {
  readonly #options: DenseOptions;
  readonly #parameters: Parameters;
  readonly #mean: Float32Array;
  readonly #inverse: Float32Array;
  /** Held for all examples: an allocation for each would cost more than its arithmetic. */
  readonly #input: Float32Array;
  readonly #hidden: Float32Array;
  readonly #logits: Float64Array;
  readonly #below: Float64Array;

  private constructor(x: Matrix, rows: readonly number[], options: DenseOptions) {
    this.#options = options;
    [this.#mean, this.#inverse] = standardisation(x, rows);
    this.#parameters = initial(x.columns, options);
    this.#input = new Float32Array(x.columns);
    this.#hidden = options.hidden === 0 ? this.#input : new Float32Array(options.hidden);
    this.#logits = new Float64Array(options.outputs);
    this.#below = new Float64Array(options.hidden);
  }

  /**
   * Fits to `rows` of `x` by AdamW with a cosine schedule.
   * @param labels the output that each of `rows` should give; -1 for none of them (sigmoid only)
   */
  static async train(
    x: Matrix,
    rows: readonly number[],
    labels: readonly number[],
    options: DenseOptions,
  ): Promise<DenseHead> {
    const head = new DenseHead(x, rows, options);
    const order = Int32Array.from(rows, (_, i) => i);
    const rng = new Rng(options.seed, 0x0d3);
    const optimiser = new AdamW(head.#parameters, WEIGHT_DECAY);
    const batches = Math.ceil(rows.length / BATCH);
    const steps = batches * options.epochs;
    const gradients = new Map(
      [...head.#parameters].map(([name, p]) => [name, new Float32Array(p.data.length)] as const),
    );
    for (let epoch = 0, step = 0; epoch < options.epochs; epoch++) {
      rng.shuffle(order);
      for (let b = 0; b < batches; b++, step++) {
        const part = order.subarray(b * BATCH, (b + 1) * BATCH);
        for (const g of gradients.values()) g.fill(0);
        for (const i of part) head.#learn(x, rows[i]!, labels[i]!, gradients);
        for (const g of gradients.values()) for (let k = 0; k < g.length; k++) g[k]! /= part.length;
        optimiser.step(head.#parameters, gradients, RATE * 0.5 * (1 + Math.cos((Math.PI * step) / steps)));
      }
      options.onEpoch?.(epoch + 1);
      await pause();
    }
    return head;
  }

  /** Logits of one row. */
  logits(x: Matrix, row: number): Float64Array {
    this.#forward(x, row);
    return Float64Array.from(this.#logits);
  }

  /** Leaves the standardised row, the hidden layer and the logits in their arrays. */
  #forward(x: Matrix, row: number): void {
    const input = this.#input;
    const at = row * x.columns;
    for (let i = 0; i < input.length; i++) input[i] = (x.data[at + i]! - this.#mean[i]!) * this.#inverse[i]!;
    const hidden = this.#hidden;
    if (hidden !== input) {
      affine(input, this.#data('hidden.w'), this.#data('hidden.b'), hidden);
      for (let i = 0; i < hidden.length; i++) hidden[i] = Math.max(0, hidden[i]!);
    }
    affine(hidden, this.#data('out.w'), this.#data('out.b'), this.#logits);
  }

  /** Adds the gradients of one example. */
  #learn(x: Matrix, row: number, label: number, gradients: ReadonlyMap<string, Float32Array>): void {
    this.#forward(x, row);
    const hidden = this.#hidden;
    const slope = this.#logits;
    if (this.#options.loss === 'softmax') softmax(slope, slope);
    else for (let i = 0; i < slope.length; i++) slope[i] = 1 / (1 + Math.exp(-slope[i]!));
    if (label >= 0) slope[label]! -= 1;
    backward(hidden, slope, gradients.get('out.w')!, gradients.get('out.b')!);
    if (hidden === this.#input) return;
    const below = this.#below;
    const weights = this.#data('out.w');
    for (let i = 0; i < below.length; i++) {
      let sum = 0;
      for (let o = 0; o < slope.length; o++) sum += slope[o]! * weights[o * below.length + i]!;
      below[i] = hidden[i] === 0 ? 0 : sum;
    }
    backward(this.#input, below, gradients.get('hidden.w')!, gradients.get('hidden.b')!);
  }

  #data(name: string): Float32Array {
    return this.#parameters.get(name)!.data;
  }
}

/** @param out may be the logits themselves */
export function softmax(
  logits: ArrayLike<number>,
  out: Float64Array = new Float64Array(logits.length),
): Float64Array {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > top) top = logits[i]!;
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(logits[i]! - top);
  for (let i = 0; i < out.length; i++) out[i]! /= sum;
  return out;
}

/** Weights are stored output by output: weights[output * inputs + input]. */
function affine(
  input: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  out: Float32Array | Float64Array,
): void {
  const n = input.length;
  for (let o = 0; o < out.length; o++) {
    // Four sums side by side: one alone would wait for each addition to end before the next.
    let a = bias[o]!;
    let b = 0;
    let c = 0;
    let d = 0;
    const at = o * n;
    let i = 0;
    for (; i + 3 < n; i += 4) {
      a += weights[at + i]! * input[i]!;
      b += weights[at + i + 1]! * input[i + 1]!;
      c += weights[at + i + 2]! * input[i + 2]!;
      d += weights[at + i + 3]! * input[i + 3]!;
    }
    for (; i < n; i++) a += weights[at + i]! * input[i]!;
    out[o] = a + b + c + d;
  }
}

function backward(
  input: Float32Array,
  slope: Float64Array,
  weightGradient: Float32Array,
  biasGradient: Float32Array,
): void {
  const n = input.length;
  for (let o = 0; o < slope.length; o++) {
    const s = slope[o]!;
    if (s === 0) continue;
    biasGradient[o]! += s;
    for (let i = 0, at = o * n; i < n; i++) weightGradient[at + i]! += s * input[i]!;
  }
}

function standardisation(x: Matrix, rows: readonly number[]): [Float32Array, Float32Array] {
  const n = x.columns;
  const sum = new Float64Array(n);
  const squares = new Float64Array(n);
  for (const row of rows) {
    for (let i = 0; i < n; i++) {
      const v = x.data[row * n + i]!;
      sum[i]! += v;
      squares[i]! += v * v;
    }
  }
  const mean = Float32Array.from(sum, (s) => s / rows.length);
  const inverse = mean.map((m, i) => 1 / Math.sqrt(Math.max(1e-8, squares[i]! / rows.length - m * m)));
  return [mean, inverse];
}

/** He-normal weights below a ReLU; the outputs begin near zero. */
function initial(inputs: number, { hidden, outputs, seed }: DenseOptions): Parameters {
  const rng = new Rng(seed, 0x1417);
  const parameters = new Map<string, Parameter>();
  const layer = (name: string, from: number, to: number, deviation: number): void => {
    const data = Float32Array.from({ length: from * to }, () => rng.normal() * deviation);
    parameters.set(`${name}.w`, { name: `${name}.w`, shape: [to, from], data });
    parameters.set(`${name}.b`, { name: `${name}.b`, shape: [to], data: new Float32Array(to) });
  };
  if (hidden > 0) layer('hidden', inputs, hidden, Math.sqrt(2 / inputs));
  layer('out', hidden > 0 ? hidden : inputs, outputs, 0.01);
  return parameters;
}
