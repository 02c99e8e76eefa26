import { withOutputs } from '../network/compose.js';
import type { ActivationRanges, Network } from '../network.js';
import { createEngine } from './create.js';
import type { Engine, FeatureMap } from './engine.js';
import { rangedLayers } from './onnx-int8.js';

/** rgb24 */
export interface CalibrationImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface CalibrationOptions {
  /** Share of a picture's activations that may lie outside on either side; 0 keeps each picture's extremes. */
  readonly clip?: number;
  readonly threads?: number;
}

/**
 * Runs the network in float and takes, for every layer that int8 rounds, the smallest and the greatest activation
 * over all pictures. Twenty to a hundred pictures like those to come do.
 */
export async function calibrateRanges(
  network: Network,
  images: Iterable<CalibrationImage> | AsyncIterable<CalibrationImage>,
  options: CalibrationOptions = {},
): Promise<ActivationRanges> {
  const layers = rangedLayers(network);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const engine = await createEngine(withOutputs(network, layers), { kind: 'onnx-f32', ...threads });
  const ranges = new Map<string, [number, number]>();
  try {
    for await (const { data, width, height } of images) {
      await widen(engine, { data, width, height }, ranges, options.clip ?? 0);
    }
  } finally {
    await engine.close();
  }
  return Object.fromEntries(ranges);
}

async function widen(
  engine: Engine,
  image: CalibrationImage,
  ranges: Map<string, [number, number]>,
  clip: number,
): Promise<void> {
  const maps = await engine.run({ ...image, count: 1 });
  for (const [name, map] of maps) {
    const [low, high] = clip > 0 ? clippedRange(map, clip) : extremes(map);
    const known = ranges.get(name);
    if (known === undefined) ranges.set(name, [low, high]);
    else ranges.set(name, [Math.min(known[0], low), Math.max(known[1], high)]);
  }
}

function extremes({ data }: FeatureMap): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function clippedRange({ data }: FeatureMap, clip: number): [number, number] {
  const sorted = data.slice().sort();
  const skip = Math.floor(clip * sorted.length);
  return [sorted[skip]!, sorted[sorted.length - 1 - skip]!];
}
