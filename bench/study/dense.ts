import { setImmediate as pause } from 'node:timers/promises';
import { AdamW } from '../../src/train/head/adamw.js';
import type { HeadParameters, Parameter } from '../../src/train/head/parameters.js';
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
  readonly #inputs: number;
  readonly #parameters: HeadParameters;
  readonly #mean: Float32Array;
  readonly #inverse: Float32Array;

  private constructor(x: Matrix, rows: readonly number[], options: DenseOptions) {
    this.#options = options;
    this.#inputs = x.columns;
    [this.#mean, this.#inverse] = standardisation(x, rows);
    this.#parameters = initial(x.columns, options);
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
    const input = new Float32Array(head.#inputs);
    for (let epoch = 0, step = 0; epoch < options.epochs; epoch++) {
      rng.shuffle(order);
      for (let b = 0; b < batches; b++, step++) {
        const part = order.subarray(b * BATCH, (b + 1) * BATCH);
        const gradients = zeros(head.#parameters);
        for (const i of part) head.#learn(head.#standardised(x, rows[i]!, input), labels[i]!, gradients);
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
    return this.#forward(this.#standardised(x, row, new Float32Array(this.#inputs))).logits;
  }

  #standardised(x: Matrix, row: number, out: Float32Array): Float32Array {
    const at = row * x.columns;
    for (let i = 0; i < out.length; i++) out[i] = (x.data[at + i]! - this.#mean[i]!) * this.#inverse[i]!;
    return out;
  }

  #forward(input: Float32Array): { logits: Float64Array; hidden: Float32Array } {
    const hidden = this.#options.hidden === 0 ? input : new Float32Array(this.#options.hidden);
    if (hidden !== input) {
      const sums = affine(input, this.#data('hidden.w'), this.#data('hidden.b'));
      for (let i = 0; i < hidden.length; i++) hidden[i] = Math.max(0, sums[i]!);
    }
    return { logits: affine(hidden, this.#data('out.w'), this.#data('out.b')), hidden };
  }

  /** Adds the gradients of one example. */
  #learn(input: Float32Array, label: number, gradients: ReadonlyMap<string, Float32Array>): void {
    const { logits, hidden } = this.#forward(input);
    const slope =
      this.#options.loss === 'softmax' ? softmax(logits) : logits.map((z) => 1 / (1 + Math.exp(-z)));
    if (label >= 0) slope[label]! -= 1;
    const below = hidden === input ? undefined : new Float64Array(hidden.length);
    backward(hidden, this.#data('out.w'), slope, gradients.get('out.w')!, gradients.get('out.b')!, below);
    if (below === undefined) return;
    for (let i = 0; i < below.length; i++) if (hidden[i] === 0) below[i] = 0;
    backward(input, this.#data('hidden.w'), below, gradients.get('hidden.w')!, gradients.get('hidden.b')!);
  }

  #data(name: string): Float32Array {
    return this.#parameters.get(name)!.data;
  }
}

export function softmax(logits: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(logits);
  const top = Math.max(...out);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i]! - top);
  for (let i = 0; i < out.length; i++) out[i]! /= sum;
  return out;
}

/** Weights are stored output by output: weights[output * inputs + input]. */
function affine(input: Float32Array, weights: Float32Array, bias: Float32Array): Float64Array {
  const n = input.length;
  const out = new Float64Array(bias.length);
  for (let o = 0; o < out.length; o++) {
    let sum = bias[o]!;
    for (let i = 0, at = o * n; i < n; i++) sum += weights[at + i]! * input[i]!;
    out[o] = sum;
  }
  return out;
}

function backward(
  input: Float32Array,
  weights: Float32Array,
  slope: Float64Array,
  weightGradient: Float32Array,
  biasGradient: Float32Array,
  below?: Float64Array,
): void {
  const n = input.length;
  for (let o = 0; o < slope.length; o++) {
    const s = slope[o]!;
    if (s === 0) continue;
    biasGradient[o]! += s;
    for (let i = 0, at = o * n; i < n; i++) weightGradient[at + i]! += s * input[i]!;
    if (below) for (let i = 0, at = o * n; i < n; i++) below[i]! += s * weights[at + i]!;
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
function initial(inputs: number, { hidden, outputs, seed }: DenseOptions): HeadParameters {
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

function zeros(parameters: HeadParameters): Map<string, Float32Array> {
  return new Map([...parameters].map(([name, p]) => [name, new Float32Array(p.data.length)]));
}
