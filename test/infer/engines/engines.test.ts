import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogowatchError } from '../../../src/core/errors.js';
import { calibrate } from '../../../src/infer/engines/calibrate.js';
import { createEngine, type EngineOptions } from '../../../src/infer/engines/create.js';
import type { Batch, FeatureMaps } from '../../../src/infer/engines/engine.js';
import { loadTfjs } from '../../../src/infer/engines/tfjs-backend.js';
import { joinNetworks } from '../../../src/infer/network/compose.js';
import { loadShippedTrunk } from '../../../src/infer/network/shipped.js';
import type { Network } from '../../../src/infer/network.js';
import { randomHead, randomPicture, relativeDifference, rmsDifference, smallNetwork } from '../support.js';

const SIZES = [
  [96, 64],
  [90, 50],
  [77, 45],
] as const;

function batchOf(width: number, height: number, count = 1): Batch {
  const parts = Array.from({ length: count }, (_, i) => randomPicture(width, height, 10 + i));
  return { data: Buffer.concat(parts), count, width, height };
}

async function runOnce(network: Network, options: EngineOptions, batch: Batch): Promise<FeatureMaps> {
  const engine = await createEngine(network, options);
  try {
    return await engine.run(batch);
  } finally {
    await engine.close();
  }
}

/** Written from the definitions, not from either engine: one output value of layer `a` of the small network. */
test('a convolution is what its definition says, uneven padding included', async () => {
  const network = { ...smallNetwork(), outputs: ['a'] };
  const [width, height] = [10, 6];
  const { data } = batchOf(width, height);
  const map = (await runOnce(network, { kind: 'onnx-f32' }, { data, count: 1, width, height })).get('a')!;
  assert.deepEqual([map.height, map.width, map.channels], [3, 5, 8]);
  const weights = network.tensors.get('a.w')!.data;
  const bias = network.tensors.get('a.b')!.data;
  for (const [y, x, channel] of [
    [0, 0, 0],
    [2, 4, 3],
    [1, 2, 7],
    [2, 0, 5],
  ] as const) {
    let sum = bias[channel]!;
    for (let ky = 0; ky < 3; ky++) {
      for (let kx = 0; kx < 3; kx++) {
        // Even size, stride 2, kernel 3: nothing before, one after.
        const [row, column] = [2 * y + ky, 2 * x + kx];
        if (row >= height || column >= width) continue;
        for (let c = 0; c < 3; c++) {
          const pixel = (data[(row * width + column) * 3 + c]! - 127) / 128;
          sum += pixel * weights[((ky * 3 + kx) * 3 + c) * 8 + channel]!;
        }
      }
    }
    const expected = Math.min(6, Math.max(0, sum));
    assert.ok(Math.abs(map.data[(y * 5 + x) * 8 + channel]! - expected) < 1e-4);
  }
});

for (const [name, make] of [
  [
    'every kind of layer',
    async () => ({ ...smallNetwork(), outputs: ['a', 'c', 'e', 'g', 'h', 'head8', 'head16'] }),
  ],
  ['the shipped trunk with a head', async () => joinNetworks(await loadShippedTrunk(), randomHead(3))],
] as const) {
  test(`ONNX Runtime and TensorFlow.js agree to 1e-4: ${name}`, async () => {
    const network = await make();
    for (const [width, height] of SIZES) {
      const batch = batchOf(width, height, 2);
      const onnx = await runOnce(network, { kind: 'onnx-f32' }, batch);
      const tfjs = await runOnce(network, { kind: 'tfjs' }, batch);
      assert.deepEqual([...onnx.keys()].sort(), [...network.outputs].sort());
      for (const [layer, map] of onnx) {
        const other = tfjs.get(layer)!;
        const shape = ({ count, height: h, width: w, channels }: typeof map) => [
          count,
          h,
          w,
          channels,
          map.data.length,
        ];
        assert.deepEqual(shape(other), shape(map));
        assert.ok(relativeDifference(map, other) < 1e-4, `${layer} at ${width}x${height}`);
      }
    }
  });
}

test('8 bits stay within 0.15 standard deviations of float on the shipped trunk with a head', async () => {
  const network = joinNetworks(await loadShippedTrunk(), randomHead(3));
  const [width, height] = [160, 96];
  const pictures = Array.from({ length: 6 }, (_, i) => ({
    width,
    height,
    data: randomPicture(width, height, i),
  }));
  const { ranges, means } = await calibrate(network, pictures);
  const batch = batchOf(width, height, 2);
  const exact = await runOnce(network, { kind: 'onnx-f32' }, batch);
  const corrected = await runOnce(network, { kind: 'onnx-int8', ranges, means }, batch);
  const plain = await runOnce(network, { kind: 'onnx-int8', ranges }, batch);
  for (const layer of network.outputs) {
    const error = rmsDifference(exact.get(layer)!, corrected.get(layer)!);
    assert.ok(error > 0 && error < 0.15, `${layer}: ${error}`);
    assert.ok(rmsDifference(exact.get(layer)!, plain.get(layer)!) < 0.3);
  }
});

test('every kind of layer in 8 bits, at sizes that need cutting', async () => {
  const network = smallNetwork();
  const [width, height] = [77, 45];
  const pictures = Array.from({ length: 6 }, (_, i) => ({
    width,
    height,
    data: randomPicture(width, height, 10 + i),
  }));
  const calibration = await calibrate(network, pictures);
  const batch = batchOf(width, height);
  const exact = await runOnce(network, {}, batch);
  const rounded = await runOnce(network, { kind: 'onnx-int8', ...calibration }, batch);
  for (const layer of network.outputs)
    assert.ok(rmsDifference(exact.get(layer)!, rounded.get(layer)!) < 0.05, layer);
});

for (const kind of ['onnx-f32', 'tfjs'] as const) {
  test(`${kind}: a batch gives what its pictures give alone, and overlapping calls do not mix`, async () => {
    const engine = await createEngine(smallNetwork(), { kind });
    const size = { width: 40, height: 24 };
    const pictures = Array.from({ length: 3 }, (_, i) => randomPicture(40, 24, i));
    const alone = await Promise.all(pictures.map((data) => engine.run({ data, count: 1, ...size })));
    const together = (await engine.run({ data: Buffer.concat(pictures), count: 3, ...size })).get('head8')!;
    const length = together.data.length / 3;
    alone.forEach((maps, i) => {
      const part = { ...together, count: 1, data: together.data.subarray(i * length, (i + 1) * length) };
      assert.ok(relativeDifference(maps.get('head8')!, part) < 1e-5);
    });
    await engine.close();
    await assert.rejects(engine.run({ data: pictures[0]!, count: 1, ...size }), /closed/);
  });
}

test('TensorFlow.js keeps no tensors: not over runs, not after close', async () => {
  const { tf } = await loadTfjs();
  const before = tf.memory().numTensors;
  const engine = await createEngine(smallNetwork(), { kind: 'tfjs' });
  await engine.run(batchOf(40, 24));
  const running = tf.memory().numTensors;
  for (let i = 0; i < 5; i++) await engine.run(batchOf(40 + i, 24));
  assert.equal(tf.memory().numTensors, running);
  await engine.close();
  assert.equal(tf.memory().numTensors, before);
});

test('8 bits without ranges is refused, and says what to do', async () => {
  const incompatible = (error: LogowatchError) =>
    error.code === 'model-incompatible' && /train/.test(error.remedy ?? '');
  await assert.rejects(createEngine(smallNetwork(), { kind: 'onnx-int8' }), incompatible);
  const engine = await createEngine(smallNetwork(), { kind: 'onnx-int8', ranges: { a: [0, 6] } });
  await assert.rejects(engine.run(batchOf(40, 24)), incompatible);
  await engine.close();
});
