import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DetectorImage } from '../../../src/infer/detector.js';
import { OnnxGraph } from '../../../src/infer/engines/onnx-graph.js';
import { randomPicture } from '../support.js';

export const SIDE = 32;

/**
 * Two classes by the mean colour alone: how much redder than the rest, how much bluer. So steep that softmax names one
 * of them with certainty whatever the picture, as a classifier does that has never seen anything else.
 */
const STEEP = 0.5;
export const COLOUR_WEIGHTS = [1, -0.5, -0.5, -0.5, -0.5, 1].map((v) => v * STEEP);

export interface ClassifierSpec {
  readonly input?: 'uint8' | 'float32';
  readonly layout?: 'nhwc' | 'nchw';
  readonly softmax?: boolean;
  readonly batch?: number | string;
}

export function colourClassifier(spec: ClassifierSpec = {}): Uint8Array {
  const { input = 'float32', layout = 'nhwc', softmax = true, batch = 'n' } = spec;
  const graph = new OnnxGraph();
  const sizes = layout === 'nhwc' ? [SIDE, SIDE, 3] : [3, SIDE, SIDE];
  let value = graph.input('picture', [batch, ...sizes], input);
  if (input === 'uint8') value = graph.node('Cast', 'floats', [value], { to: 1 });
  value = graph.node('ReduceMean', 'mean', [value], {
    axes: layout === 'nhwc' ? [1, 2] : [2, 3],
    keepdims: 0,
  });
  // Rows are colours, columns classes.
  const byColour = [0, 1, 2].flatMap((c) => [COLOUR_WEIGHTS[c]!, COLOUR_WEIGHTS[3 + c]!]);
  value = graph.node('MatMul', softmax ? 'logits' : 'out', [value, graph.floats('w', [3, 2], byColour)]);
  if (softmax) graph.node('Softmax', 'out', [value], { axis: 1 });
  graph.output('out', [batch, 2]);
  return graph.toBytes();
}

/** A detector that gives the same boxes for every picture: [1, 4 + classes, N] as YOLOv8. */
export function constantDetector(values: readonly number[], classes: number): Uint8Array {
  const graph = new OnnxGraph();
  const input = graph.input('picture', [1, 3, SIDE, SIDE], 'float32');
  const mean = graph.node('ReduceMean', 'mean', [input], { axes: [1, 2, 3], keepdims: 0 });
  const nothing = graph.node('Mul', 'nothing', [mean, graph.floats('zero', [], [0])]);
  const count = values.length / (4 + classes);
  graph.node('Add', 'out', [nothing, graph.floats('boxes', [1, 4 + classes, count], values)]);
  graph.output('out', [1, 4 + classes, count]);
  return graph.toBytes();
}

export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly values: readonly number[];
}

/** Writes model.json and its weights as TensorFlow.js saves them. */
export async function saveTfjs(
  folder: string,
  format: 'layers-model' | 'graph-model',
  modelTopology: object,
  weights: readonly TfjsWeight[],
  weightsPath = 'group1-shard1of1.bin',
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const bytes = weights.map(({ dtype, values }) => {
    const array = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
    return Buffer.from(array.buffer);
  });
  await writeFile(join(folder, 'group1-shard1of1.bin'), Buffer.concat(bytes));
  const specs = weights.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const manifest = [{ paths: [weightsPath], weights: specs }];
  await writeFile(
    join(folder, 'model.json'),
    JSON.stringify({ format, modelTopology, weightsManifest: manifest }),
  );
}

const KERNEL = [0, 1, 2].flatMap((c) => [COLOUR_WEIGHTS[c]!, COLOUR_WEIGHTS[3 + c]!]);

/** The colour classifier as Keras describes it. */
export function saveLayersModel(folder: string, weightsPath?: string): Promise<void> {
  const layers = [
    {
      class_name: 'GlobalAveragePooling2D',
      config: { name: 'pool', trainable: true, batch_input_shape: [null, SIDE, SIDE, 3], dtype: 'float32' },
    },
    {
      class_name: 'Dense',
      config: { name: 'dense', units: 2, activation: 'softmax', use_bias: true, trainable: true },
    },
  ];
  const topology = {
    keras_version: '2.15.0',
    backend: 'tensorflow',
    model_config: { class_name: 'Sequential', config: { name: 'colours', layers } },
  };
  const weights: TfjsWeight[] = [
    { name: 'dense/kernel', shape: [3, 2], dtype: 'float32', values: KERNEL },
    { name: 'dense/bias', shape: [2], dtype: 'float32', values: [0, 0] },
  ];
  return saveTfjs(folder, 'layers-model', topology, weights, weightsPath);
}

/** The same as a graph of TensorFlow's operations. */
export function saveGraphModel(folder: string): Promise<void> {
  const float = { type: 'DT_FLOAT' };
  const dims = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size: String(size) })) });
  const constant = (name: string, dtype: string, shape: object) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: shape } } },
  });
  const node = [
    {
      name: 'picture',
      op: 'Placeholder',
      attr: { dtype: float, shape: { shape: dims(-1, SIDE, SIDE, 3) } },
    },
    constant('axes', 'DT_INT32', dims(2)),
    constant('kernel', 'DT_FLOAT', dims(3, 2)),
    { name: 'pool', op: 'Mean', input: ['picture', 'axes'], attr: { T: float, keep_dims: { b: false } } },
    {
      name: 'logits',
      op: 'MatMul',
      input: ['pool', 'kernel'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
    { name: 'softmax', op: 'Softmax', input: ['logits'], attr: { T: float } },
    { name: 'Identity', op: 'Identity', input: ['softmax'], attr: { T: float } },
  ];
  const weights: TfjsWeight[] = [
    { name: 'axes', shape: [2], dtype: 'int32', values: [1, 2] },
    { name: 'kernel', shape: [3, 2], dtype: 'float32', values: KERNEL },
  ];
  return saveTfjs(folder, 'graph-model', { node, versions: { producer: 1 } }, weights);
}

export function picture(width: number, height: number, seed: number): DetectorImage {
  return { width, height, content: { x: 0, y: 0, width, height }, data: randomPicture(width, height, seed) };
}
