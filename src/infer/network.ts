/**
 * The network as data: a list of layers in an order in which every input comes first, and named tensors. Engines
 * lower it (ONNX, tfjs); training writes the head's tensors. Activations are NHWC in this description.
 *
 * Input: rgb24 pixels, normalised as (x - 127) / 128. Padding is TensorFlow's SAME throughout: for input size n,
 * kernel k, stride s the output is ceil(n / s), the total padding max(0, (out - 1) * s + k - n), the smaller half first.
 */
export const INPUT_LAYER = 'image';
export const INPUT_MEAN = 127;
export const INPUT_SCALE = 1 / 128;

export type Activation = 'none' | 'relu' | 'relu6';

export interface ConvLayer {
  readonly op: 'conv';
  readonly name: string;
  readonly input: string;
  readonly stride: 1 | 2;
  readonly activation: Activation;
  /** Tensor name; shape [kernelHeight, kernelWidth, inChannels, outChannels]. */
  readonly weights: string;
  /** Tensor name; shape [outChannels]. */
  readonly bias: string;
}

export interface DepthwiseLayer {
  readonly op: 'depthwise';
  readonly name: string;
  readonly input: string;
  readonly stride: 1 | 2;
  readonly activation: Activation;
  /** Tensor name; shape [kernelHeight, kernelWidth, channels, 1]. */
  readonly weights: string;
  readonly bias: string;
}

export interface AddLayer {
  readonly op: 'add';
  readonly name: string;
  readonly inputs: readonly [string, string];
  readonly activation: Activation;
}

/** Nearest neighbour, twice the size, cut to the size of `like`: out[y][x] = in[floor(y / 2)][floor(x / 2)]. */
export interface UpsampleLayer {
  readonly op: 'upsample';
  readonly name: string;
  readonly input: string;
  readonly like: string;
}

export type Layer = ConvLayer | DepthwiseLayer | AddLayer | UpsampleLayer;

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Network {
  readonly layers: readonly Layer[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Layers whose activations an engine returns. */
  readonly outputs: readonly string[];
}

/** Smallest and greatest activation of each layer over calibration pictures: what int8 needs. */
export type ActivationRanges = Readonly<Record<string, readonly [min: number, max: number]>>;

/** Mean of each channel of a layer over calibration pictures: with them int8 is more exact. */
export type ChannelMeans = Readonly<Record<string, readonly number[]>>;

/** Layers of EfficientNet-Lite0 that heads read: name -> channels, stride. */
export const TRUNK_TAPS = [
  { name: 'stride8', stride: 8, channels: 40 },
  { name: 'stride16', stride: 16, channels: 112 },
  { name: 'stride32', stride: 32, channels: 320 },
] as const;

/**
 * What a dense head gives: for each output stride (8 and 16) one layer `head<stride>` of K + 4 channels a cell:
 * K brand logits, then the box as ln of the distances from the cell's centre to left, top, right, bottom in units
 * of the stride. The centre of cell (row, column) is ((column + 0.5) * stride, (row + 0.5) * stride) pixels.
 */
export const HEAD_STRIDES = [8, 16] as const;
