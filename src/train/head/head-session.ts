import { InferenceSession, Tensor } from 'onnxruntime-node';
import { HEAD_STRIDES, TRUNK_TAPS } from '../../infer/network.js';
import { backwardGraph, type Dequantiser, forwardGraph } from './head-graph.js';
import { type HeadParameters, LATERAL_CHANNELS } from './parameters.js';

/** Cells of a frame: rows and columns on a stride. */
export const gridSize = (pixels: number, stride: number): number => Math.ceil(pixels / stride);

/** Quantised features of frames of one shape: stride -> frames x cells x channels. */
export interface FeatureBatch {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly codes: ReadonlyMap<number, Uint8Array>;
}

/** Per stride, the chosen cells: frame * rows * columns + row * columns + column. */
export type ChosenCells = ReadonlyMap<number, Int32Array>;
/** Per stride, row by row of the chosen cells, K + 4 values. */
export type HeadOutputs = ReadonlyMap<number, Float32Array>;

/** Runs the head's two graphs. Holds native memory until `close`. */
export class HeadSession {
  readonly #brandCount: number;
  readonly #forward: InferenceSession;
  readonly #backward: InferenceSession;

  private constructor(brandCount: number, forward: InferenceSession, backward: InferenceSession) {
    this.#brandCount = brandCount;
    this.#forward = forward;
    this.#backward = backward;
  }

  static async open(
    brandCount: number,
    dequantisers: ReadonlyMap<number, Dequantiser>,
  ): Promise<HeadSession> {
    const options: InferenceSession.SessionOptions = {
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Threads that wait by spinning double the processor time of these small products.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    };
    const [forward, backward] = await Promise.all([
      InferenceSession.create(forwardGraph(brandCount, dequantisers), options),
      InferenceSession.create(backwardGraph(brandCount, dequantisers), options),
    ]);
    return new HeadSession(brandCount, forward, backward);
  }

  async close(): Promise<void> {
    await Promise.all([this.#forward.release(), this.#backward.release()]);
  }

  async forward(
    parameters: HeadParameters,
    batch: FeatureBatch,
    cells: ChosenCells,
    keep?: ReadonlyMap<number, Float32Array>,
  ): Promise<HeadOutputs> {
    const result = await this.#forward.run(this.#feeds(parameters, batch, cells, keep));
    return new Map(HEAD_STRIDES.map((s) => [s, result[`z${s}`]!.data as Float32Array]));
  }

  /** Gradients by parameter name, from the gradient of the loss by the outputs of the chosen cells. */
  async backward(
    parameters: HeadParameters,
    batch: FeatureBatch,
    cells: ChosenCells,
    outputGradients: HeadOutputs,
    keep?: ReadonlyMap<number, Float32Array>,
  ): Promise<Map<string, Float32Array>> {
    const feeds = this.#feeds(parameters, batch, cells, keep);
    const { width, height, count } = batch;
    for (const stride of HEAD_STRIDES) {
      feeds[`dz${stride}`] = new Tensor('float32', outputGradients.get(stride)!, [
        cells.get(stride)!.length,
        this.#brandCount + 4,
      ]);
      const [rows, columns] = [gridSize(height, stride), gridSize(width, stride)];
      feeds[`grid${stride}`] = ints([count, rows, columns, LATERAL_CHANNELS]);
      feeds[`pads${stride}`] = ints([0, 0, 0, 0, 0, rows % 2, columns % 2, 0]);
    }
    const result = await this.#backward.run(feeds);
    return new Map([...parameters.keys()].map((name) => [name, result[`d.${name}`]!.data as Float32Array]));
  }

  #feeds(
    parameters: HeadParameters,
    batch: FeatureBatch,
    cells: ChosenCells,
    keep?: ReadonlyMap<number, Float32Array>,
  ): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    const { width, height, count } = batch;
    for (const { name, shape, data } of parameters.values()) feeds[name] = new Tensor('float32', data, shape);
    for (const { stride, channels } of TRUNK_TAPS) {
      const n = gridSize(width, stride) * gridSize(height, stride);
      feeds[`q${stride}`] = new Tensor('uint8', batch.codes.get(stride)!, [count, n, channels]);
      const mask = keep?.get(stride);
      feeds[`keep${stride}`] = mask
        ? new Tensor('float32', mask, [count, 1, channels])
        : new Tensor('float32', new Float32Array(channels).fill(1), [1, 1, channels]);
    }
    for (const fine of HEAD_STRIDES) {
      const [rows, columns] = [gridSize(height, fine * 2), gridSize(width, fine * 2)];
      feeds[`spread${fine}`] = ints([count, rows, 1, columns, 1, LATERAL_CHANNELS]);
      feeds[`repeat${fine}`] = ints([count, rows, 2, columns, 2, LATERAL_CHANNELS]);
      feeds[`doubled${fine}`] = ints([count, 2 * rows, 2 * columns, LATERAL_CHANNELS]);
      feeds[`size${fine}`] = ints([gridSize(height, fine), gridSize(width, fine)]);
      feeds[`cells${fine}`] = neighbours(
        cells.get(fine)!,
        count,
        gridSize(height, fine),
        gridSize(width, fine),
      );
    }
    return feeds;
  }
}

function ints(values: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
}

/** Each cell's nine neighbours, row by row; outside of the frame the row of zeros behind the last cell. */
function neighbours(cells: Int32Array, frames: number, rows: number, columns: number): Tensor {
  // Low and high words of int64, written as int32: a BigInt a neighbour would take longer than the products.
  const words = new Int32Array(cells.length * 9 * 2);
  const outside = frames * rows * columns;
  let at = 0;
  for (const cell of cells) {
    const column = cell % columns;
    const row = Math.floor(cell / columns) % rows;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const inside = row + dy >= 0 && row + dy < rows && column + dx >= 0 && column + dx < columns;
        words[at] = inside ? cell + dy * columns + dx : outside;
        at += 2;
      }
    }
  }
  return new Tensor('int64', new BigInt64Array(words.buffer), [cells.length * 9]);
}

/** Every cell of the batch. */
export function allCells(batch: { count: number; width: number; height: number }): ChosenCells {
  return new Map(
    HEAD_STRIDES.map((s) => [
      s,
      Int32Array.from(
        { length: batch.count * gridSize(batch.width, s) * gridSize(batch.height, s) },
        (_, i) => i,
      ),
    ]),
  );
}
