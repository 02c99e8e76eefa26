import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadOnnxRuntime } from '../../infer/engines/onnx.js';
import type { Rng } from '../rng.js';
import { GraphBuilder } from './graph.js';

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** `w1` [inputs, hidden], `b1` [hidden], `w2` [hidden, outputs], `b2` [outputs]. */
export type Parameters = ReadonlyMap<string, Parameter>;

export interface MlpShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

export interface StepResult {
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Mean over the rows. */
  readonly loss: number;
}

/** Of the outputs at the start: one place in a hundred is a given logo (Lin et al. 2017). */
const PRIOR_LOGIT = -4.6;
const ACTIVATION_MAX = 6;

/** He-normal weights; `inputDeviation`: root mean square of the inputs. */
export function initialParameters(shape: MlpShape, inputDeviation: number, rng: Rng): Parameters {
  const { inputs, hidden, outputs } = shape;
  const make = (name: string, dims: number[], deviation: number, fill = 0): [string, Parameter] => {
    const data = new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(fill);
    if (deviation > 0) for (let i = 0; i < data.length; i++) data[i] = rng.normal() * deviation;
    return [name, { name, shape: dims, data }];
  };
  return new Map([
    make('w1', [inputs, hidden], Math.sqrt(2 / inputs) / inputDeviation),
    make('b1', [hidden], 0),
    make('w2', [hidden, outputs], 0.2 / Math.sqrt(hidden)),
    make('b2', [outputs], 0, PRIOR_LOGIT),
  ]);
}

export function copyParameters(parameters: Parameters): Parameters {
  return new Map([...parameters].map(([n, p]) => [n, { ...p, data: Float32Array.from(p.data) }]));
}

/**
 * One hidden layer with relu6, one sigmoid an output. ONNX Runtime multiplies the matrices, about ten times faster on
 * a CPU than the other backends; it has no gradients of its own, so the graph spells them out. Holds native memory
 * until `close`.
 */
export class Mlp {
  readonly shape: MlpShape;
  readonly #ort = loadOnnxRuntime();
  readonly #forward: InferenceSession;
  readonly #step: InferenceSession;

  private constructor(shape: MlpShape, forward: InferenceSession, step: InferenceSession) {
    this.shape = shape;
    this.#forward = forward;
    this.#step = step;
  }

  static async open(shape: MlpShape): Promise<Mlp> {
    const options: InferenceSession.SessionOptions = {
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Threads that wait by spinning double the processor time of these small products.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    };
    const ort = loadOnnxRuntime();
    const [forward, step] = await Promise.all([
      ort.InferenceSession.create(forwardGraph(), options),
      ort.InferenceSession.create(stepGraph(), options),
    ]);
    return new Mlp(shape, forward, step);
  }

  async close(): Promise<void> {
    await Promise.all([this.#forward.release(), this.#step.release()]);
  }

  /** Logits, [rows, outputs]. */
  async logits(parameters: Parameters, x: Float32Array): Promise<Float32Array> {
    if (x.length === 0) return new Float32Array(0);
    const result = await this.#forward.run(this.#feeds(parameters, x));
    return result['z']!.data as Float32Array;
  }

  /**
   * Binary cross-entropy of every output, sum over outputs, mean over rows; `weights` [rows, outputs] is 0 where a
   * truth is not known.
   */
  async step(
    parameters: Parameters,
    x: Float32Array,
    truth: Float32Array,
    weights: Float32Array,
  ): Promise<StepResult> {
    const { outputs } = this.shape;
    const rows = x.length / this.shape.inputs;
    const result = await this.#step.run({
      ...this.#feeds(parameters, x),
      y: new this.#ort.Tensor('float32', truth, [rows, outputs]),
      weight: new this.#ort.Tensor(
        'float32',
        weights.map((w) => w / rows),
        [rows, outputs],
      ),
    });
    const gradients = new Map(
      [...parameters.keys()].map((name) => [name, result[`d.${name}`]!.data as Float32Array]),
    );
    return { gradients, loss: (result['loss']!.data as Float32Array)[0]! };
  }

  #feeds(parameters: Parameters, x: Float32Array): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const { name, shape, data } of parameters.values())
      feeds[name] = new this.#ort.Tensor('float32', data, shape);
    feeds['x'] = new this.#ort.Tensor('float32', x, [x.length / this.shape.inputs, this.shape.inputs]);
    return feeds;
  }
}

function declareForward(g: GraphBuilder): { hidden: string; z: string } {
  g.input('x', 'float', 2);
  for (const [name, rank] of [
    ['w1', 2],
    ['b1', 1],
    ['w2', 2],
    ['b2', 1],
  ] as const)
    g.input(name, 'float', rank);
  const scalar = (v: number): string => g.floats(Float32Array.of(v), []);
  const hidden = g.node('Clip', [g.node('Gemm', ['x', 'w1', 'b1']), scalar(0), scalar(ACTIVATION_MAX)]);
  return { hidden, z: g.node('Gemm', [hidden, 'w2', 'b2']) };
}

function forwardGraph(): Uint8Array {
  const g = new GraphBuilder();
  g.output('z', declareForward(g).z, 2);
  return g.build();
}

function stepGraph(): Uint8Array {
  const g = new GraphBuilder();
  const { hidden, z } = declareForward(g);
  const y = g.input('y', 'float', 2);
  const weight = g.input('weight', 'float', 2);
  const columnSum = (value: string): string => g.node('ReduceSum', [value, g.ints([0])], { keepdims: 0 });
  // softplus(z) - y z, and its derivative sigmoid(z) - y
  const entropy = g.node('Sub', [g.node('Softplus', [z]), g.node('Mul', [y, z])]);
  g.output('loss', g.node('ReduceSum', [g.node('Mul', [entropy, weight])], { keepdims: 0 }), 0);
  const dz = g.node('Mul', [g.node('Sub', [g.node('Sigmoid', [z]), y]), weight]);
  g.output('d.w2', g.node('Gemm', [hidden, dz], { transA: 1 }), 2);
  g.output('d.b2', columnSum(dz), 1);
  const scalar = (v: number): string => g.floats(Float32Array.of(v), []);
  const open = g.node('And', [
    g.node('Greater', [hidden, scalar(0)]),
    g.node('Less', [hidden, scalar(ACTIVATION_MAX)]),
  ]);
  const dHidden = g.node('Mul', [
    g.node('Gemm', [dz, 'w2'], { transB: 1 }),
    g.node('Cast', [open], { to: 1 }),
  ]);
  g.output('d.w1', g.node('Gemm', ['x', dHidden], { transA: 1 }), 2);
  g.output('d.b1', columnSum(dHidden), 1);
  return g.build();
}
