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

/** Layers of an EfficientNet-Lite0 trunk: name -> channels, stride. */
export const TRUNK_TAPS = [
  { name: 'stride8', stride: 8, channels: 40 },
  { name: 'stride16', stride: 16, channels: 112 },
  { name: 'stride32', stride: 32, channels: 320 },
] as const;

/**
 * The shipped network looks at a picture on three strides; the centre of cell (row, column) is
 * ((column + 0.5) * stride, (row + 0.5) * stride) pixels. Per stride it gives
 * - `tower<stride>`, TOWER_CHANNELS a cell in 0..6: what brands' heads read;
 * - `place<stride>`, PLACE_CHANNELS a cell: the logit of being at some logo, then the box as ln of the distances from
 *   the cell's centre to left, top, right, bottom in units of the stride.
 * A brands' head adds `brand<stride>`: one logit a brand and cell.
 */
export const HEAD_STRIDES = [8, 16, 32] as const;
export const TOWER_CHANNELS = 128;
export const PLACE_CHANNELS = 5;

/**
 * The second look: a crop of CROP_PX x CROP_PX pixels around a candidate goes through the same trunk to its last tap, 3x3
 * cells. A brands' head reads the central one, CROP_CHANNELS values, and adds `verify`, one logit a brand there.
 */
export const CROP_PX = 96;
export const CROP_LAYER = 'stride32';
export const CROP_CHANNELS = 320;
export const VERIFY_LAYER = 'verify';

export const towerLayer = (stride: number): string => `tower${stride}`;
export const placeLayer = (stride: number): string => `place${stride}`;
export const brandLayer = (stride: number): string => `brand${stride}`;
