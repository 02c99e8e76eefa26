import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../src/infer/engines/create.js';
import { joinNetworks } from '../../../src/infer/network/compose.js';
import { loadShippedTrunk } from '../../../src/infer/network/shipped.js';
import { HEAD_STRIDES, TRUNK_TAPS } from '../../../src/infer/network.js';
import { exportHead } from '../../../src/train/head/export.js';
import { allCells, type FeatureBatch, gridSize, HeadSession } from '../../../src/train/head/head-session.js';
import { type HeadParameters, initialParameters } from '../../../src/train/head/parameters.js';
import { dequantisers, measureStatistics, quantise } from '../../../src/train/head/quantiser.js';
import { Rng } from '../../../src/train/rng.js';

const BRANDS = 3;

function randomBatch(rng: Rng, count: number, width: number, height: number): FeatureBatch {
  const codes = new Map(
    TRUNK_TAPS.map(({ stride, channels }) => [
      stride as number,
      Uint8Array.from({ length: count * gridSize(width, stride) * gridSize(height, stride) * channels }, () =>
        rng.below(256),
      ),
    ]),
  );
  return { count, width, height, codes };
}

const plainStatistics = new Map(
  TRUNK_TAPS.map(({ stride, channels }) => [
    stride as number,
    { mean: new Array<number>(channels).fill(0), deviation: new Array<number>(channels).fill(1) },
  ]),
);

/** Weights large enough for every gradient to show above float noise. */
function lively(rng: Rng): HeadParameters {
  const parameters = initialParameters(BRANDS, rng);
  for (const p of parameters.values())
    if (p.name.endsWith('.b') || p.name.startsWith('head'))
      for (let i = 0; i < p.data.length; i++) p.data[i] = rng.normal() * 0.3;
  return parameters;
}

test('the gradients by every parameter are the slopes of the loss', async () => {
  const rng = new Rng(11);
  // Odd grids: 7x5 cells on stride 8, 4x3 on 16, 2x2 on 32, so that the cut of the upsampled maps is exercised.
  const batch = randomBatch(rng, 2, 56, 40);
  const parameters = lively(rng);
  const session = await HeadSession.open(BRANDS, dequantisers(plainStatistics));
  const cells = new Map([
    [8, Int32Array.from([0, 6, 17, 34, 40, 69])],
    [16, Int32Array.from([0, 5, 11, 12, 23])],
  ]);
  const weights = new Map(
    [...cells].map(([s, c]) => [
      s,
      Float32Array.from({ length: c.length * (BRANDS + 4) }, () => rng.normal()),
    ]),
  );
  const loss = async (): Promise<number> => {
    const outputs = await session.forward(parameters, batch, cells);
    let sum = 0;
    for (const s of HEAD_STRIDES)
      for (const [i, w] of weights.get(s)!.entries()) sum += w * outputs.get(s)![i]!;
    return sum;
  };
  const gradients = await session.backward(parameters, batch, cells, weights);
  for (const [name, { data }] of parameters) {
    // Along the gradient's own direction the slope is its norm: one check covers all of its values.
    const g = gradients.get(name)!;
    const norm = Math.sqrt(g.reduce((s, v) => s + v * v, 0));
    assert.ok(norm > 0, `${name} has a gradient`);
    const before = Float32Array.from(data);
    const step = 2e-3;
    const at = async (sign: number): Promise<number> => {
      for (let i = 0; i < data.length; i++) data[i] = before[i]! + (sign * step * g[i]!) / norm;
      const value = await loss();
      data.set(before);
      return value;
    };
    const slope = ((await at(1)) - (await at(-1))) / (2 * step);
    assert.ok(Math.abs(slope - norm) < 0.03 * norm + 0.02, `${name}: slope ${slope}, gradient ${norm}`);
  }
  await session.close();
});

test('the exported head on the engine gives what training saw', async () => {
  const rng = new Rng(4);
  const trunk = await loadShippedTrunk();
  const engine = await createEngine(trunk, { kind: 'onnx-f32' });
  const [width, height] = [200, 120];
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (128 + 90 * Math.sin(i / 50) + rng.below(30)) & 255,
  );
  const features = await engine.run({ data, count: 1, width, height });
  const statistics = measureStatistics([features]);
  const parameters = lively(rng);
  const codes = new Map(
    TRUNK_TAPS.map((t) => [
      t.stride as number,
      quantise(features.get(t.name)!.data, statistics.get(t.stride)!),
    ]),
  );
  const batch = { count: 1, width, height, codes };
  const session = await HeadSession.open(BRANDS, dequantisers(statistics));
  const trained = await session.forward(parameters, batch, allCells(batch));
  const whole = await createEngine(joinNetworks(trunk, exportHead(parameters, statistics)), {
    kind: 'onnx-f32',
  });
  const exported = await whole.run({ data, count: 1, width, height });
  for (const stride of HEAD_STRIDES) {
    const a = trained.get(stride)!;
    const b = exported.get(`head${stride}`)!.data;
    assert.equal(a.length, b.length);
    let [error, spread] = [0, 0];
    for (let i = 0; i < a.length; i++) {
      error += (a[i]! - b[i]!) ** 2;
      spread += b[i]! ** 2;
    }
    // The features were rounded to a byte: 12 deviations in 255 steps, so about 1 % of noise.
    assert.ok(Math.sqrt(error / spread) < 0.03, `stride ${stride}: ${Math.sqrt(error / spread)}`);
  }
  await Promise.all([engine.close(), whole.close(), session.close()]);
});
