import { HEAD_STRIDES, type Layer, type Network, type Tensor, TRUNK_TAPS } from '../../infer/network.js';
import { type HeadParameters, LATERAL_CHANNELS, TOWER_CHANNELS } from './parameters.js';
import type { Statistics } from './quantiser.js';

/** The trained head as layers that read the trunk's taps; the standardisation of the features is folded in. */
export function exportHead(parameters: HeadParameters, statistics: Statistics): Network {
  const tensors = new Map<string, Tensor>();
  const layers: Layer[] = [];
  const conv = (
    name: string,
    input: string,
    shape: number[],
    weights: Float32Array,
    bias: Float32Array,
    relu = false,
  ): void => {
    tensors.set(`${name}.weights`, { shape, data: weights });
    tensors.set(`${name}.bias`, { shape: [shape[3]!], data: bias });
    layers.push({
      op: 'conv',
      name,
      input,
      stride: 1,
      activation: relu ? 'relu' : 'none',
      weights: `${name}.weights`,
      bias: `${name}.bias`,
    });
  };
  const data = (name: string): Float32Array => parameters.get(name)!.data;
  for (const { name, stride, channels } of TRUNK_TAPS) {
    const { mean, deviation } = statistics.get(stride)!;
    const weights = Float32Array.from(
      data(`lateral${stride}.w`),
      (w, i) => w / deviation[Math.floor(i / LATERAL_CHANNELS)]!,
    );
    const bias = Float32Array.from(data(`lateral${stride}.b`));
    for (let c = 0; c < channels; c++)
      for (let k = 0; k < LATERAL_CHANNELS; k++)
        bias[k] = bias[k]! - mean[c]! * weights[c * LATERAL_CHANNELS + k]!;
    conv(`lateral${stride}`, name, [1, 1, channels, LATERAL_CHANNELS], weights, bias);
  }
  layers.push(
    { op: 'upsample', name: 'up16', input: 'lateral32', like: 'lateral16' },
    { op: 'add', name: 'map16', inputs: ['lateral16', 'up16'], activation: 'none' },
    { op: 'upsample', name: 'up8', input: 'map16', like: 'lateral8' },
    { op: 'add', name: 'map8', inputs: ['lateral8', 'up8'], activation: 'none' },
  );
  for (const stride of HEAD_STRIDES) {
    conv(
      `tower${stride}`,
      `map${stride}`,
      [3, 3, LATERAL_CHANNELS, TOWER_CHANNELS],
      data(`tower${stride}.w`),
      data(`tower${stride}.b`),
      true,
    );
    const outputs = parameters.get(`head${stride}.b`)!.data.length;
    conv(
      `head${stride}`,
      `tower${stride}`,
      [1, 1, TOWER_CHANNELS, outputs],
      data(`head${stride}.w`),
      data(`head${stride}.b`),
    );
  }
  return { layers, tensors, outputs: HEAD_STRIDES.map((s) => `head${s}`) };
}
