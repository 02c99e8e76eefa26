import type { FeatureMaps } from '../../infer/engines/engine.js';
import { TRUNK_TAPS } from '../../infer/network.js';
import type { Dequantiser } from './head-graph.js';

/** Deviations from the mean that 256 codes span; what is further out is clipped. */
const SPAN = 6;

/** Per stride and channel, statistics of the trunk's features on composed frames. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}
export type Statistics = ReadonlyMap<number, ChannelStatistics>;

export function measureStatistics(maps: readonly FeatureMaps[]): Statistics {
  return new Map(
    TRUNK_TAPS.map(({ name, stride, channels }) => {
      const sum = new Float64Array(channels);
      const squares = new Float64Array(channels);
      let rows = 0;
      for (const map of maps) {
        const { data } = map.get(name)!;
        rows += data.length / channels;
        for (let i = 0; i < data.length; i++) {
          const c = i % channels;
          sum[c] = sum[c]! + data[i]!;
          squares[c] = squares[c]! + data[i]! * data[i]!;
        }
      }
      const mean = Array.from(sum, (s) => s / rows);
      const deviation = Array.from(squares, (s, c) =>
        Math.max(1e-3, Math.sqrt(Math.max(0, s / rows - mean[c]! ** 2))),
      );
      return [stride, { mean, deviation }];
    }),
  );
}

/** Features of a tap as one byte a value: mean - 6 deviations is 0, mean + 6 deviations is 255. */
export function quantise(data: Float32Array, { mean, deviation }: ChannelStatistics): Uint8Array {
  const channels = mean.length;
  const gain = Float32Array.from(deviation, (d) => 255 / (2 * SPAN * d));
  const shift = Float32Array.from(mean, (m, c) => 127.5 - m * gain[c]! + 0.5);
  const codes = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += channels) {
    for (let c = 0; c < channels; c++) {
      const v = data[at + c]! * gain[c]! + shift[c]!;
      codes[at + c] = Math.min(255, Math.max(0, v));
    }
  }
  return codes;
}

/** Codes to standardised features (mean 0, deviation 1). */
export function dequantisers(statistics: Statistics): Map<number, Dequantiser> {
  return new Map(
    [...statistics].map(([stride, { mean }]) => [
      stride,
      {
        scale: new Float32Array(mean.length).fill((2 * SPAN) / 255),
        offset: new Float32Array(mean.length).fill(-SPAN),
      },
    ]),
  );
}
