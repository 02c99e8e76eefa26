import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeatureMap } from '../../src/infer/engines/engine.js';
import type { BrandCalibration, ModelManifest } from '../../src/infer/manifest.js';
import { saveModel } from '../../src/infer/model/save.js';
import type { TemporalCalibration } from '../../src/infer/model/temporal.js';
import { shippedTrunk } from '../../src/infer/network/shipped.js';
import {
  brandLayer,
  CROP_CHANNELS,
  CROP_LAYER,
  HEAD_STRIDES,
  type Layer,
  type Network,
  type Tensor,
  TOWER_CHANNELS,
  towerLayer,
  VERIFY_LAYER,
} from '../../src/infer/network.js';

/** Mulberry32: the same numbers for the same seed, 0..1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomTensor(shape: readonly number[], scale: number, random: () => number): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: count }, () => (random() * 2 - 1) * scale) };
}

/** Smooth shapes with noise: closer to pictures than noise alone, so that ranges mean something. */
export function randomPicture(width: number, height: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  const waves = Array.from({ length: 9 }, () => [random() * 0.2, random() * 0.2, random() * 6] as const);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    let value = 127;
    for (const [a, b, phase] of waves.slice(3 * c, 3 * c + 3)) value += 40 * Math.sin(a * x + b * y + phase);
    data[i] = Math.max(0, Math.min(255, value + 10 * (random() - 0.5)));
  }
  return data;
}

interface ConvSpec {
  readonly name: string;
  readonly input: string;
  readonly kernel: number;
  readonly from: number;
  readonly to: number;
  readonly stride?: 1 | 2;
  readonly activation?: 'none' | 'relu' | 'relu6';
  readonly depthwise?: boolean;
}

/** Adds a convolution with random weights of a size that keeps activations near 1. */
export function addConv(
  layers: Layer[],
  tensors: Map<string, Tensor>,
  spec: ConvSpec,
  random: () => number,
): void {
  const { name, input, kernel, from, to, stride = 1, activation = 'none', depthwise = false } = spec;
  const reads = kernel * kernel * (depthwise ? 1 : from);
  const shape = depthwise ? [kernel, kernel, from, 1] : [kernel, kernel, from, to];
  tensors.set(`${name}.w`, randomTensor(shape, Math.sqrt(3 / reads), random));
  tensors.set(`${name}.b`, randomTensor([to], 0.3, random));
  const op = depthwise ? 'depthwise' : 'conv';
  layers.push({ op, name, input, stride, activation, weights: `${name}.w`, bias: `${name}.b` });
}

/** A little of every kind of layer, activation, stride and kernel. */
export function smallNetwork(seed = 1): Network {
  const random = randomNumbers(seed);
  const layers: Layer[] = [];
  const tensors = new Map<string, Tensor>();
  const conv = (spec: ConvSpec) => addConv(layers, tensors, spec, random);
  conv({ name: 'a', input: 'image', kernel: 3, from: 3, to: 8, stride: 2, activation: 'relu6' });
  conv({ name: 'b', input: 'a', kernel: 5, from: 8, to: 8, stride: 2, activation: 'relu', depthwise: true });
  conv({ name: 'c', input: 'b', kernel: 3, from: 8, to: 8, activation: 'relu6', depthwise: true });
  conv({ name: 'd', input: 'c', kernel: 1, from: 8, to: 8 });
  layers.push({ op: 'add', name: 'e', inputs: ['b', 'd'], activation: 'relu' });
  conv({ name: 'f', input: 'e', kernel: 3, from: 8, to: 8, stride: 2 });
  layers.push({ op: 'upsample', name: 'g', input: 'f', like: 'e' });
  layers.push({ op: 'add', name: 'h', inputs: ['g', 'e'], activation: 'none' });
  conv({ name: 'head8', input: 'h', kernel: 1, from: 8, to: 6 });
  conv({ name: 'head16', input: 'f', kernel: 3, from: 8, to: 6 });
  return { layers, tensors, outputs: ['head8', 'head16'] };
}

/** A head on the shipped network, with random weights. */
export function randomHead(brands: number, seed = 1): Network {
  const random = randomNumbers(seed);
  const layers: Layer[] = [];
  const tensors = new Map<string, Tensor>();
  const conv = (spec: ConvSpec) => addConv(layers, tensors, spec, random);
  for (const stride of HEAD_STRIDES)
    conv({
      name: brandLayer(stride),
      input: towerLayer(stride),
      kernel: 1,
      from: TOWER_CHANNELS,
      to: brands,
    });
  conv({
    name: VERIFY_LAYER,
    input: CROP_LAYER,
    kernel: 1,
    from: CROP_CHANNELS,
    to: brands,
  });
  return { layers, tensors, outputs: [...HEAD_STRIDES.map(brandLayer), VERIFY_LAYER] };
}

export function brands(...labels: string[]): BrandCalibration[] {
  return labels.map((label) => ({ label, logo: 0.5, look: 0.5, verify: 0.5, offset: 0, threshold: 0.5 }));
}

export function manifest(labels: readonly string[]): Omit<ModelManifest, 'format' | 'head' | 'trunk'> {
  return {
    id: 'random',
    createdAt: '2026-01-01T00:00:00.000Z',
    inputs: [
      { width: 160, height: 96 },
      { width: 96, height: 160 },
    ],
    brands: brands(...labels),
    priorOdds: 1,
    candidateLogit: -1,
  };
}

/** A model with a random head on the shipped trunk. */
export async function saveRandomModel(folder: string, labels = ['acorn', 'birch']): Promise<void> {
  await saveModel(folder, {
    manifest: manifest(labels),
    head: randomHead(labels.length),
    trunk: shippedTrunk().reference,
  });
}

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'logowatch-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The greatest difference, over the greatest value there is. */
export function relativeDifference(a: FeatureMap, b: FeatureMap): number {
  let difference = 0;
  let greatest = 0;
  for (let i = 0; i < a.data.length; i++) {
    difference = Math.max(difference, Math.abs(a.data[i]! - b.data[i]!));
    greatest = Math.max(greatest, Math.abs(a.data[i]!));
  }
  return difference / greatest;
}

/** Root mean square of the difference, in standard deviations of `a`. */
export function rmsDifference(a: FeatureMap, b: FeatureMap): number {
  const mean = a.data.reduce((sum, v) => sum + v, 0) / a.data.length;
  let difference = 0;
  let variance = 0;
  for (let i = 0; i < a.data.length; i++) {
    difference += (a.data[i]! - b.data[i]!) ** 2;
    variance += (a.data[i]! - mean) ** 2;
  }
  return Math.sqrt(difference / variance);
}

/** A calibration over time of two hours, for one brand. */
export const temporalOf = (label: string): TemporalCalibration => ({
  falsePerHour: 0.1,
  createdAt: '2026-01-01T00:00:00Z',
  footage: 'video',
  hours: 2,
  frames: 36_000,
  intervalMs: 200,
  correlationS: 0.8,
  blockS: 5,
  blocks: 1440,
  peaks: 12,
  expectedPerHour: 0.1,
  expectedPerHourInterval: [0.01, 0.6],
  openings: 0,
  provedPerHour: 1.5,
  brands: [
    { label, driftLlr: 1.5, thresholdLlr: 11, tail: { from: 1, perHour: 2, shape: 0, scale: 3 }, peaks: 4 },
  ],
});
