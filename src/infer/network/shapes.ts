import { LogowatchError } from '../../core/errors.js';
import { INPUT_LAYER, type Layer, type Network, type Tensor } from '../network.js';
import { samePadding } from './padding.js';

export interface LayerShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export type LayerShapes = ReadonlyMap<string, LayerShape>;

export function damaged(message: string, value: string): LogowatchError {
  return new LogowatchError('model-damaged', message, { value, remedy: 'Train or fetch the model again' });
}

export function layerInputs(layer: Layer): readonly string[] {
  if (layer.op === 'add') return layer.inputs;
  if (layer.op === 'upsample') return [layer.input, layer.like];
  return [layer.input];
}

export function tensorOf(network: Network, name: string): Tensor {
  const tensor = network.tensors.get(name);
  if (tensor === undefined) throw damaged('The network names a tensor that it does not hold', name);
  return tensor;
}

/**
 * Height, width and channels of every layer for a picture size in pixels, the input layer included.
 * Throws model-damaged where layers and tensors do not fit together, so it is the network's check too.
 */
export function layerShapes(network: Network, width: number, height: number): LayerShapes {
  const shapes = new Map<string, LayerShape>([[INPUT_LAYER, { height, width, channels: 3 }]]);
  for (const layer of network.layers) {
    if (shapes.has(layer.name)) throw damaged('Two layers have one name', layer.name);
    shapes.set(layer.name, layerShape(network, layer, shapes));
  }
  for (const name of network.outputs) {
    if (!shapes.has(name)) throw damaged('An output is no layer of the network', name);
  }
  if (network.outputs.length === 0) throw damaged('The network has no outputs', 'outputs');
  return shapes;
}

/** Checks at a small odd size: what fits there fits at every size. */
export function validateNetwork(network: Network): void {
  layerShapes(network, 77, 45);
}

function layerShape(network: Network, layer: Layer, shapes: LayerShapes): LayerShape {
  const inputs = layerInputs(layer).map((name) => {
    const shape = shapes.get(name);
    if (shape === undefined) throw damaged(`Layer ${layer.name} reads what no layer before it gives`, name);
    return shape;
  });
  const from = inputs[0]!;
  if (layer.op === 'add') return sameShape(layer.name, from, inputs[1]!);
  if (layer.op === 'upsample') return upsampled(layer.name, from, inputs[1]!);
  const weights = tensorOf(network, layer.weights);
  const [kernelHeight, kernelWidth, inChannels, last] = fourDimensions(weights, layer.weights);
  const channels = layer.op === 'conv' ? last : inChannels;
  const fits = inChannels === from.channels && (layer.op === 'conv' || last === 1);
  if (!fits)
    throw damaged(`The weights of layer ${layer.name} do not fit its input`, weights.shape.join('x'));
  const bias = tensorOf(network, layer.bias);
  if (bias.data.length !== channels)
    throw damaged(`The bias of layer ${layer.name} has the wrong size`, layer.bias);
  return {
    height: samePadding(from.height, kernelHeight, layer.stride).output,
    width: samePadding(from.width, kernelWidth, layer.stride).output,
    channels,
  };
}

function fourDimensions(tensor: Tensor, name: string): readonly [number, number, number, number] {
  const [a, b, c, d] = tensor.shape;
  const whole =
    a !== undefined && b !== undefined && c !== undefined && d !== undefined && tensor.shape.length === 4;
  if (!whole || a * b * c * d !== tensor.data.length) throw damaged('A tensor has the wrong shape', name);
  return [a, b, c, d];
}

function sameShape(name: string, a: LayerShape, b: LayerShape): LayerShape {
  const same = a.height === b.height && a.width === b.width && a.channels === b.channels;
  if (!same) throw damaged('A sum has inputs of two shapes', name);
  return a;
}

function upsampled(name: string, from: LayerShape, like: LayerShape): LayerShape {
  const fits = Math.ceil(like.height / 2) === from.height && Math.ceil(like.width / 2) === from.width;
  if (!fits) throw damaged('An upsampling has no input of half the size', name);
  return { height: like.height, width: like.width, channels: from.channels };
}
