import { samePadding } from '../network/padding.js';
import { type LayerShape, type LayerShapes, layerShapes, tensorOf } from '../network/shapes.js';
import {
  type Activation,
  type ConvLayer,
  type DepthwiseLayer,
  INPUT_LAYER,
  INPUT_MEAN,
  INPUT_SCALE,
  type Layer,
  type Network,
} from '../network.js';
import { type Attributes, OnnxGraph } from './onnx-graph.js';

/** The uint8 NHWC input of every model made here. */
export const MODEL_INPUT = 'pixels';
/** Free dimension: pictures in a batch. */
export const BATCH_DIM = 'n';

/** The network at one picture size as an ONNX model in float32; the outputs are NHWC and bear their layers' names. */
export function lowerToFloat(network: Network, width: number, height: number): Uint8Array {
  const shapes = layerShapes(network, width, height);
  const graph = new OnnxGraph();
  graph.input(MODEL_INPUT, [BATCH_DIM, height, width, 3]);
  const cast = graph.node('Cast', 'pixels.float', [MODEL_INPUT], { to: 1 });
  const nchw = graph.node('Transpose', 'pixels.nchw', [cast], { perm: [0, 3, 1, 2] });
  // (x - mean) * scale
  const centred = graph.node('Sub', 'pixels.centred', [nchw, graph.floats('mean', [], [INPUT_MEAN])]);
  graph.node('Mul', value(INPUT_LAYER), [centred, graph.floats('scale', [], [INPUT_SCALE])]);
  for (const layer of network.layers) lowerLayer(graph, network, layer, shapes);
  for (const name of network.outputs) addOutput(graph, name, value(name), shapes.get(name)!);
  return graph.toBytes();
}

/** The NCHW value of a layer inside the graph. */
function value(layer: string): string {
  return `${layer}.nchw`;
}

export function addOutput(graph: OnnxGraph, name: string, from: string, shape: LayerShape): void {
  graph.node('Transpose', name, [from], { perm: [0, 2, 3, 1] });
  graph.output(name, [BATCH_DIM, shape.height, shape.width, shape.channels]);
}

function lowerLayer(graph: OnnxGraph, network: Network, layer: Layer, shapes: LayerShapes): void {
  if (layer.op === 'upsample') {
    upsample(
      graph,
      layer.name,
      value(layer.input),
      value(layer.name),
      shapes.get(layer.input)!,
      shapes.get(layer.name)!,
    );
    return;
  }
  const plain = layer.activation === 'none' ? value(layer.name) : `${layer.name}.linear`;
  if (layer.op === 'add') graph.node('Add', plain, layer.inputs.map(value));
  else floatConv(graph, network, layer, shapes, value(layer.input), plain);
  activate(graph, layer.activation, plain, value(layer.name));
}

/** A convolution with float weights from one NCHW value to another, activation apart. */
export function floatConv(
  graph: OnnxGraph,
  network: Network,
  layer: ConvLayer | DepthwiseLayer,
  shapes: LayerShapes,
  from: string,
  to: string,
): void {
  const { dims, data } = toOihw(network, layer);
  const weights = graph.floats(`${layer.name}.weights`, dims, data);
  const bias = tensorOf(network, layer.bias);
  const biasName = graph.floats(`${layer.name}.bias`, [bias.data.length], bias.data);
  graph.node('Conv', to, [from, weights, biasName], convAttributes(layer, dims, shapes.get(layer.input)!));
}

export function activate(graph: OnnxGraph, activation: Activation, from: string, to: string): void {
  if (activation === 'relu') graph.node('Relu', to, [from]);
  if (activation === 'relu6') {
    graph.node('Clip', to, [from, graph.floats(`${to}.min`, [], [0]), graph.floats(`${to}.max`, [], [6])]);
  }
}

/** HWIO -> OIHW; a depthwise (H,W,C,1) -> (C,1,H,W). */
export function toOihw(
  network: Network,
  layer: ConvLayer | DepthwiseLayer,
): { dims: number[]; data: Float32Array } {
  const { shape, data } = tensorOf(network, layer.weights);
  const [h, w, i, o] = shape as [number, number, number, number];
  const [outs, ins] = layer.op === 'conv' ? [o, i] : [i, 1];
  const result = new Float32Array(data.length);
  for (let position = 0; position < h * w; position++) {
    for (let input = 0; input < ins; input++) {
      for (let output = 0; output < outs; output++) {
        result[(output * ins + input) * h * w + position] = data[(position * ins + input) * outs + output]!;
      }
    }
  }
  return { dims: [outs, ins, h, w], data: result };
}

export function convAttributes(
  layer: ConvLayer | DepthwiseLayer,
  dims: readonly number[],
  from: LayerShape,
): Attributes {
  const [outs, , kernelHeight, kernelWidth] = dims as [number, number, number, number];
  const y = samePadding(from.height, kernelHeight, layer.stride);
  const x = samePadding(from.width, kernelWidth, layer.stride);
  return {
    kernel_shape: [kernelHeight, kernelWidth],
    strides: [layer.stride, layer.stride],
    pads: [y.before, x.before, y.after, x.after],
    group: layer.op === 'depthwise' ? outs : 1,
  };
}

/** Every cell twice each way, then what is over is cut off. */
export function upsample(
  graph: OnnxGraph,
  name: string,
  from: string,
  to: string,
  shape: LayerShape,
  like: LayerShape,
): void {
  const cut = like.height < 2 * shape.height || like.width < 2 * shape.width;
  const doubled = cut ? `${name}.doubled` : to;
  const scales = graph.floats(`${name}.scales`, [4], [1, 1, 2, 2]);
  const how = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  graph.node('Resize', doubled, [from, '', scales], how);
  if (!cut) return;
  const starts = graph.int64s(`${name}.starts`, [0, 0]);
  const ends = graph.int64s(`${name}.ends`, [like.height, like.width]);
  graph.node('Slice', to, [doubled, starts, ends, graph.int64s(`${name}.axes`, [2, 3])]);
}
