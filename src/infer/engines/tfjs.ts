import type { Tensor4D } from '@tensorflow/tfjs-core';
import { LogowatchError } from '../../core/errors.js';
import { tensorOf } from '../network/shapes.js';
import { INPUT_LAYER, INPUT_MEAN, INPUT_SCALE, type Layer, type Network } from '../network.js';
import type { Batch, Engine, FeatureMap, FeatureMaps } from './engine.js';
import { loadTfjs, type TfjsBackend, type TfjsName } from './tfjs-backend.js';

const NORMALISED = Float32Array.from({ length: 256 }, (_, byte) => (byte - INPUT_MEAN) * INPUT_SCALE);

/** Native kernels gain from batches (27 ms for one picture of 224 px, 95 for eight); WebAssembly hardly does. */
const BATCH_SIZES: Readonly<Record<TfjsName, number>> = {
  'tfjs-node-gpu': 16,
  'tfjs-webgpu': 8,
  'tfjs-node': 8,
  'tfjs-wasm': 1,
};

export async function createTfjsEngine(network: Network): Promise<Engine> {
  return new TfjsEngine(network, await loadTfjs());
}

/** The network on TensorFlow.js, layer by layer with fused kernels. */
class TfjsEngine implements Engine {
  readonly name: string;
  readonly batchSize: number;
  readonly #tf: TfjsBackend['tf'];
  readonly #network: Network;
  readonly #weights = new Map<string, Tensor4D>();
  #pixels = new Float32Array(0);
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(network: Network, { name, tf }: TfjsBackend) {
    this.name = name;
    this.batchSize = BATCH_SIZES[name];
    this.#tf = tf;
    this.#network = network;
    for (const key of network.tensors.keys()) {
      const { shape, data } = tensorOf(network, key);
      this.#weights.set(key, tf.tensor(data, shape as [number, number, number, number]));
    }
  }

  run(batch: Batch): Promise<FeatureMaps> {
    const result = this.#last.then(() => this.#run(batch));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#last;
    for (const tensor of this.#weights.values()) tensor.dispose();
    this.#weights.clear();
  }

  async #run(batch: Batch): Promise<FeatureMaps> {
    if (this.#closed) throw new LogowatchError('internal', 'The engine is closed');
    const outputs = this.#tf.tidy(() => this.#forward(batch));
    try {
      const maps = new Map<string, FeatureMap>();
      for (const [name, tensor] of Object.entries(outputs)) {
        const [count, height, width, channels] = tensor.shape;
        maps.set(name, { data: (await tensor.data()) as Float32Array, count, height, width, channels });
      }
      return maps;
    } finally {
      this.#tf.dispose(outputs);
    }
  }

  #forward(batch: Batch): Record<string, Tensor4D> {
    const values = new Map<string, Tensor4D>([[INPUT_LAYER, this.#input(batch)]]);
    for (const layer of this.#network.layers) values.set(layer.name, this.#layer(layer, values));
    return Object.fromEntries(this.#network.outputs.map((name) => [name, values.get(name)!]));
  }

  #input({ data, count, width, height }: Batch): Tensor4D {
    if (this.#pixels.length !== data.length) this.#pixels = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) this.#pixels[i] = NORMALISED[data[i]!]!;
    return this.#tf.tensor4d(this.#pixels, [count, height, width, 3]);
  }

  #layer(layer: Layer, values: ReadonlyMap<string, Tensor4D>): Tensor4D {
    const tf = this.#tf;
    switch (layer.op) {
      case 'add': {
        const sum = tf.add(values.get(layer.inputs[0])!, values.get(layer.inputs[1])!) as Tensor4D;
        if (layer.activation === 'none') return sum;
        return layer.activation === 'relu' ? tf.relu(sum) : tf.relu6(sum);
      }
      case 'upsample': {
        const input = values.get(layer.input)!;
        const [count, height, width, channels] = input.shape;
        const doubled = tf.image.resizeNearestNeighbor(input, [2 * height, 2 * width]);
        const [, toHeight, toWidth] = values.get(layer.like)!.shape;
        return tf.slice(doubled, [0, 0, 0, 0], [count, toHeight, toWidth, channels]);
      }
      default: {
        const fused = layer.op === 'conv' ? tf.fused.conv2d : tf.fused.depthwiseConv2d;
        return fused({
          x: values.get(layer.input)!,
          filter: this.#weights.get(layer.weights)!,
          strides: layer.stride,
          pad: 'same',
          bias: this.#weights.get(layer.bias)!,
          activation: layer.activation === 'none' ? 'linear' : layer.activation,
        });
      }
    }
  }
}
