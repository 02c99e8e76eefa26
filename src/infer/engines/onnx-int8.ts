import { LogowatchError } from '../../core/errors.js';
import { type LayerShapes, layerInputs, layerShapes, tensorOf } from '../network/shapes.js';
import {
  type ActivationRanges,
  type AddLayer,
  type ChannelMeans,
  type ConvLayer,
  type DepthwiseLayer,
  INPUT_LAYER,
  INPUT_MEAN,
  INPUT_SCALE,
  type Network,
} from '../network.js';
import {
  activate,
  addOutput,
  BATCH_DIM,
  convAttributes,
  floatConv,
  MODEL_INPUT,
  toOihw,
  upsample,
} from './onnx-float.js';
import { OnnxGraph } from './onnx-graph.js';
import {
  activationQuantisation,
  type QuantisedConv,
  quantiseConv,
  type UintQuantisation,
} from './quantize.js';

export interface Calibration {
  readonly ranges: ActivationRanges;
  /** May lack layers: their readers' biases are not corrected. */
  readonly means: ChannelMeans;
  /** The greatest of a channel's weights in steps: 127, or 63 where products of pairs must fit into 16 bits. */
  readonly weightMax?: number;
  /** What a lowering has rounded, for those of the same network to other sizes: filled by the first. */
  readonly rounded?: Map<string, RoundedConv>;
}

interface RoundedConv extends QuantisedConv {
  readonly dims: readonly number[];
}

interface Lowering extends Calibration {
  readonly graph: OnnxGraph;
  readonly network: Network;
  readonly shapes: LayerShapes;
  /** Of each layer's value; an upsampling shares its input's. */
  readonly quantisations: Map<string, UintQuantisation>;
}

/**
 * The network in 8 bits, in the quantise-dequantise form that ONNX Runtime fuses into integer kernels: uint8
 * activations, int8 weights a channel, int32 biases. The picture's bytes are the quantised input as they are.
 * ReLUs cost nothing: an activation's range is cut to [0, 6], and quantising saturates there.
 * Outputs that no layer reads, such as a head's, are computed in float from 8-bit inputs: logits are never rounded.
 */
export function lowerToInt8(
  network: Network,
  calibration: Calibration,
  width: number,
  height: number,
): Uint8Array {
  const shapes = layerShapes(network, width, height);
  const graph = new OnnxGraph();
  const lowering: Lowering = { graph, network, ...calibration, shapes, quantisations: new Map() };
  graph.input(MODEL_INPUT, [BATCH_DIM, height, width, 3]);
  graph.node('Transpose', bits(INPUT_LAYER), [MODEL_INPUT], { perm: [0, 3, 1, 2] });
  dequantise(lowering, INPUT_LAYER, { scale: INPUT_SCALE, zeroPoint: INPUT_MEAN });
  const read = new Set(network.layers.flatMap(layerInputs));
  for (const layer of network.layers) {
    if (layer.op === 'upsample') lowerUpsample(lowering, layer.name, layer.input);
    else if (layer.op !== 'add' && !read.has(layer.name)) lowerFloatOutput(lowering, layer);
    else lowerArithmetic(lowering, layer);
  }
  for (const name of network.outputs) addOutput(graph, name, real(name), shapes.get(name)!);
  return graph.toBytes();
}

/** Layers whose ranges int8 needs: those whose values are rounded to 8 bits of their own. */
export function rangedLayers(network: Network): readonly string[] {
  const read = new Set(network.layers.flatMap(layerInputs));
  return network.layers
    .filter((l) => l.op === 'add' || (l.op !== 'upsample' && read.has(l.name)))
    .map((l) => l.name);
}

/** A layer's dequantised and quantised NCHW values. */
const real = (layer: string) => `${layer}.real`;
const bits = (layer: string) => `${layer}.bits`;

function lowerArithmetic(lowering: Lowering, layer: ConvLayer | DepthwiseLayer | AddLayer): void {
  const { graph } = lowering;
  const exact = `${layer.name}.exact`;
  if (layer.op === 'add') graph.node('Add', exact, layer.inputs.map(real));
  else quantisedConv(lowering, layer, exact);
  const quantisation = outputQuantisation(layer, lowering.ranges);
  const parameters = quantisationParameters(graph, layer.name, quantisation);
  graph.node('QuantizeLinear', bits(layer.name), [exact, ...parameters]);
  dequantise(lowering, layer.name, quantisation, parameters);
}

function roundedConv(lowering: Lowering, layer: ConvLayer | DepthwiseLayer): RoundedConv {
  const known = lowering.rounded?.get(layer.name);
  if (known !== undefined) return known;
  const { network } = lowering;
  const { dims, data } = toOihw(network, layer);
  const inputScale = lowering.quantisations.get(layer.input)!.scale;
  const means = lowering.means[layer.input];
  const meanOf = (channel: number, input: number) => means?.[layer.op === 'conv' ? input : channel] ?? 0;
  const conv = quantiseConv(
    data,
    tensorOf(network, layer.bias).data,
    inputScale,
    dims[2]! * dims[3]!,
    meanOf,
    lowering.weightMax,
  );
  const rounded = { ...conv, dims };
  lowering.rounded?.set(layer.name, rounded);
  return rounded;
}

function quantisedConv(lowering: Lowering, layer: ConvLayer | DepthwiseLayer, to: string): void {
  const { graph, shapes } = lowering;
  const conv = roundedConv(lowering, layer);
  const { dims } = conv;
  const inputScale = lowering.quantisations.get(layer.input)!.scale;
  const channels = conv.bias.length;
  const { name } = layer;
  const weights = graph.node(
    'DequantizeLinear',
    `${name}.weights`,
    [
      graph.int8s(`${name}.weights.bits`, dims, conv.weights),
      graph.floats(`${name}.weights.scale`, [channels], conv.scales),
      graph.int8s(`${name}.weights.zero`, [channels], new Int8Array(channels)),
    ],
    { axis: 0 },
  );
  const bias = graph.node(
    'DequantizeLinear',
    `${name}.bias`,
    [
      graph.int32s(`${name}.bias.bits`, [channels], conv.bias),
      graph.floats(
        `${name}.bias.scale`,
        [channels],
        conv.scales.map((s) => s * inputScale),
      ),
      graph.int32s(`${name}.bias.zero`, [channels], new Int32Array(channels)),
    ],
    { axis: 0 },
  );
  graph.node(
    'Conv',
    to,
    [real(layer.input), weights, bias],
    convAttributes(layer, dims, shapes.get(layer.input)!),
  );
}

function lowerUpsample(lowering: Lowering, name: string, input: string): void {
  const { graph, shapes, quantisations } = lowering;
  upsample(graph, name, bits(input), bits(name), shapes.get(input)!, shapes.get(name)!);
  dequantise(lowering, name, quantisations.get(input)!);
}

function lowerFloatOutput({ graph, network, shapes }: Lowering, layer: ConvLayer | DepthwiseLayer): void {
  const plain = layer.activation === 'none' ? real(layer.name) : `${layer.name}.linear`;
  floatConv(graph, network, layer, shapes, real(layer.input), plain);
  activate(graph, layer.activation, plain, real(layer.name));
}

function outputQuantisation(
  layer: ConvLayer | DepthwiseLayer | AddLayer,
  ranges: ActivationRanges,
): UintQuantisation {
  const range = ranges[layer.name];
  if (range === undefined) {
    throw new LogowatchError('model-incompatible', 'The model has no 8-bit range for a layer', {
      value: layer.name,
      remedy: 'Use --engine onnx-f32, or train the model again',
    });
  }
  if (layer.activation === 'none') return activationQuantisation(range);
  return activationQuantisation([0, layer.activation === 'relu6' ? Math.min(6, range[1]) : range[1]]);
}

function quantisationParameters(
  graph: OnnxGraph,
  name: string,
  { scale, zeroPoint }: UintQuantisation,
): string[] {
  return [
    graph.floats(`${name}.scale`, [], [scale]),
    graph.uint8s(`${name}.zero`, [], Uint8Array.of(zeroPoint)),
  ];
}

function dequantise(
  lowering: Lowering,
  name: string,
  quantisation: UintQuantisation,
  parameters = quantisationParameters(lowering.graph, name, quantisation),
): void {
  lowering.quantisations.set(name, quantisation);
  lowering.graph.node('DequantizeLinear', real(name), [bits(name), ...parameters]);
}
