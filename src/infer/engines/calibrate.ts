import { withOutputs } from '../network/compose.js';
import type { ActivationRanges, Network } from '../network.js';
import { createEngine } from './create.js';
import type { FeatureMap } from './engine.js';
import { type Calibration, rangedLayers } from './onnx-int8.js';

/** rgb24 */
export interface CalibrationImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface CalibrationOptions {
  readonly threads?: number;
}

/**
 * Runs the network in float over pictures like those to come (twenty to a hundred do) and takes what int8 needs: for
 * every layer that is rounded its smallest and greatest activation, and the mean of each channel.
 */
export async function calibrate(
  network: Network,
  images: Iterable<CalibrationImage> | AsyncIterable<CalibrationImage>,
  options: CalibrationOptions = {},
): Promise<Calibration> {
  const layers = rangedLayers(network);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const engine = await createEngine(withOutputs(network, layers), { kind: 'onnx-f32', ...threads });
  const seen = new Map<string, LayerStatistics>();
  let pictures = 0;
  try {
    for await (const { data, width, height } of images) {
      const maps = await engine.run({ data, width, height, count: 1 });
      for (const [name, map] of maps) observe(seen, name, map);
      pictures++;
    }
  } finally {
    await engine.close();
  }
  const entries = [...seen];
  return {
    ranges: Object.fromEntries(entries.map(([name, { low, high }]) => [name, [low, high] as const])),
    means: Object.fromEntries(
      entries.map(([name, { means }]) => [
        name,
        Array.from(means, (sum) => Number((sum / pictures).toPrecision(5))),
      ]),
    ),
  };
}

/** The ranges alone. */
export async function calibrateRanges(
  network: Network,
  images: Iterable<CalibrationImage> | AsyncIterable<CalibrationImage>,
  options: CalibrationOptions = {},
): Promise<ActivationRanges> {
  return (await calibrate(network, images, options)).ranges;
}

interface LayerStatistics {
  low: number;
  high: number;
  /** Sum over pictures of each channel's mean. */
  readonly means: Float64Array;
}

function observe(seen: Map<string, LayerStatistics>, name: string, { data, channels }: FeatureMap): void {
  const known = seen.get(name) ?? { low: Infinity, high: -Infinity, means: new Float64Array(channels) };
  seen.set(name, known);
  let { low, high } = known;
  const sums = new Float64Array(channels);
  for (let i = 0; i < data.length; i += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const value = data[i + channel]!;
      if (value < low) low = value;
      if (value > high) high = value;
      sums[channel]! += value;
    }
  }
  known.low = low;
  known.high = high;
  const cells = data.length / channels;
  for (let channel = 0; channel < channels; channel++) known.means[channel]! += sums[channel]! / cells;
}
