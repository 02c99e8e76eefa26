import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DetectorImage } from '../../src/infer/detector.js';
import { calibrate } from '../../src/infer/engines/calibrate.js';
import { LOOK_OUTPUTS, VERIFY_OUTPUTS } from '../../src/infer/model/load.js';
import { saveModel } from '../../src/infer/model/save.js';
import { joinNetworks } from '../../src/infer/network/compose.js';
import { loadShippedTrunk, shippedTrunk } from '../../src/infer/network/shipped.js';
import { CROP_PX } from '../../src/infer/network.js';
import { createDetector } from '../../src/infer/network-detector.js';
import { manifest, randomHead, randomPicture, saveRandomModel, withFolder } from './support.js';

function picture(width: number, height: number, seed: number): DetectorImage {
  return { width, height, content: { x: 0, y: 0, width, height }, data: randomPicture(width, height, seed) };
}

test('pictures of several sizes are answered in their order, whatever the engine', async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const images = [picture(160, 96, 1), picture(96, 160, 2), picture(160, 96, 3), picture(160, 96, 4)];
    const answers = [];
    for (const engine of ['onnx-f32', 'tfjs']) {
      const detector = await createDetector(folder, { engine, threads: 1 });
      assert.equal(detector.model.engine, engine === 'tfjs' ? 'tfjs-wasm' : engine);
      assert.deepEqual(detector.model.labels, ['acorn', 'birch']);
      const together = await detector.detect(images, { all: true });
      for (const [i, image] of images.entries()) {
        assert.deepEqual(await detector.detect([image], { all: true }), [together[i]]);
      }
      for (const found of together) {
        assert.deepEqual([...new Set(found.map((d) => d.label))].sort(), ['acorn', 'birch']);
        for (const { score, box } of found) {
          assert.ok(score >= 0 && score <= 1);
          assert.ok(box.every((v) => v >= 0) && box[0] + box[2] <= 1.000001 && box[1] + box[3] <= 1.000001);
        }
        for (let i = 1; i < found.length; i++) assert.ok(found[i - 1]!.score >= found[i]!.score);
      }
      answers.push(together);
      assert.deepEqual(await detector.detect([]), []);
      await detector.close();
    }
    const best = answers.map((a) => a.map((found) => found[0]!));
    best[0]!.forEach((d, i) => {
      assert.equal(d.label, best[1]![i]!.label);
      assert.ok(Math.abs(d.llr - best[1]![i]!.llr) < 1e-3);
    });
  });
});

test('minScore lets more through', async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const detector = await createDetector(folder);
    const images = [picture(160, 96, 1)];
    const [usual] = await detector.detect(images);
    const [more] = await detector.detect(images, { minScore: 0.02 });
    const [none] = await detector.detect(images, { minScore: 1 });
    assert.ok(usual!.every((d) => d.score >= 0.5) && more!.every((d) => d.score >= 0.02));
    assert.ok(more!.length >= usual!.length && none!.length === 0);
    await detector.close();
  });
});

test('bytes that do not fit the size, an unknown engine, 8 bits without ranges', async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const detector = await createDetector(folder);
    await assert.rejects(detector.detect([{ ...picture(160, 96, 1), width: 161 }]), /number of bytes/);
    assert.equal((await detector.detect([picture(160, 96, 1)])).length, 1);
    await detector.close();
    await assert.rejects(createDetector(folder, { engine: 'abacus' }), { code: 'usage' });
    await assert.rejects(createDetector(folder, { engine: 'onnx-int8' }), { code: 'model-incompatible' });
  });
});

test('a calibrated model runs in 8 bits by itself, and finds about the same', async () => {
  await withFolder(async (folder) => {
    const head = randomHead(2);
    const images = [1, 2, 3].map((seed) => picture(160, 96, seed));
    const base = await loadShippedTrunk();
    const { ranges, means } = await calibrate(joinNetworks(base, head, LOOK_OUTPUTS), images);
    const crops = [5, 6].map((seed) => picture(CROP_PX, CROP_PX, seed));
    const second = await calibrate(joinNetworks(base, head, VERIFY_OUTPUTS), crops);
    const calibration = { ranges, means, cropRanges: second.ranges, cropMeans: second.means };
    const trunk = shippedTrunk().reference;
    await saveModel(folder, { manifest: { ...manifest(['acorn', 'birch']), ...calibration }, head, trunk });
    const detector = await createDetector(folder);
    assert.equal(detector.model.engine, 'onnx-int8');
    const rounded = await createDetector(folder, { engine: 'onnx-int8' });
    const exact = await createDetector(folder, { engine: 'onnx-f32' });
    const found = await Promise.all([rounded, exact].map((d) => d.detect(images, { all: true })));
    const exactLlrs = found[1]!.flatMap((list) => list.map((d) => Math.abs(d.llr)));
    const most = 0.25 * Math.max(...exactLlrs);
    found[1]!.forEach((list, i) => {
      const other = found[0]![i]!.find((d) => d.label === list[0]!.label)!;
      assert.ok(Math.abs(other.llr - list[0]!.llr) < most, `${other.llr} ${list[0]!.llr}`);
    });
    await Promise.all([detector, rounded, exact].map((d) => d.close()));
  });
});
