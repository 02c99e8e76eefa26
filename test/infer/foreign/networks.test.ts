import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import onnxProto from 'onnx-proto';
import { brandLogits, ForeignClassifier } from '../../../src/infer/foreign/classifier.js';
import type { ForeignInput } from '../../../src/infer/foreign/foreign.js';
import { openForeign } from '../../../src/infer/foreign/open.js';
import { readForeignSource } from '../../../src/train/wrap/source.js';
import { withFolder } from '../support.js';
import {
  type ClassifierSpec,
  COLOUR_WEIGHTS,
  colourClassifier,
  picture,
  SIDE,
  saveGraphModel,
  saveLayersModel,
} from './support.js';

const { onnx } = onnxProto;

const INPUT: ForeignInput = {
  width: SIDE,
  height: SIDE,
  layout: 'nhwc',
  normalise: 'none',
  aspect: 'stretch',
  margin: 1,
};
const BOXES = [
  [0, 0, 96, 64],
  [10, 10, SIDE, SIDE],
] as const;

/** Of a region at the network's own size, by arithmetic. */
function expectedLogits(): number[] {
  const { data, width } = picture(96, 64, 1);
  const mean = [0, 0, 0];
  for (let y = 10; y < 10 + SIDE; y++)
    for (let x = 10; x < 10 + SIDE; x++)
      for (let c = 0; c < 3; c++) mean[c]! += data[(y * width + x) * 3 + c]! / SIDE / SIDE;
  return [0, 3].map((k) => mean.reduce((sum, v, c) => sum + v * COLOUR_WEIGHTS[k + c]!, 0));
}

async function rows(path: string, beforeSoftmax: boolean, input = INPUT) {
  const network = await openForeign(await readForeignSource(path), { threads: 1, beforeSoftmax });
  assert.equal(network.softmaxLeftOut, beforeSoftmax);
  const classifier = new ForeignClassifier(network, input);
  try {
    return await classifier.rows(picture(96, 64, 1), BOXES);
  } finally {
    await classifier.close();
  }
}

test('ONNX, LayersModel and GraphModel give what arithmetic gives, before and after softmax', async () => {
  await withFolder(async (folder) => {
    const onnx = join(folder, 'colours.onnx');
    await writeFile(onnx, colourClassifier());
    await saveLayersModel(join(folder, 'layers'));
    await saveGraphModel(join(folder, 'graph'));
    const [red, blue] = expectedLogits() as [number, number];
    for (const path of [onnx, join(folder, 'layers'), join(folder, 'graph', 'model.json')]) {
      const [, logits] = await rows(path, true);
      assert.ok(
        Math.abs(logits![0]! - red) < 0.01 && Math.abs(logits![1]! - blue) < 0.01,
        `${path} ${logits}`,
      );
      const [, shares] = await rows(path, false);
      assert.ok(Math.abs(shares![0]! + shares![1]! - 1) < 1e-5);
      assert.ok(Math.abs(Math.log(shares![0]! / shares![1]!) - (red - blue)) < 0.02, `${path} ${shares}`);
    }
  });
});

test('bytes or floats, colours first or last, one picture at a time or many: the same rows', async () => {
  await withFolder(async (folder) => {
    const specs: ClassifierSpec[] = [
      {},
      { input: 'uint8' },
      { layout: 'nchw' },
      { batch: 1 },
      { layout: 'nchw', batch: 1, input: 'uint8' },
    ];
    const found: Float32Array[][] = [];
    for (const [i, spec] of specs.entries()) {
      const path = join(folder, `${i}.onnx`);
      await writeFile(path, colourClassifier(spec));
      found.push(await rows(path, true, { ...INPUT, layout: spec.layout ?? 'nhwc' }));
    }
    for (const other of found)
      other.forEach((row, n) => {
        row.forEach((v, k) => {
          assert.ok(Math.abs(v - found[0]![n]![k]!) < 0.01);
        });
      });
  });
});

test('damaged files, external weights and stray paths are typed errors', async () => {
  await withFolder(async (folder) => {
    const broken = join(folder, 'broken.onnx');
    await writeFile(broken, colourClassifier().slice(0, 90));
    const open = async (path: string) =>
      openForeign(await readForeignSource(path), { threads: 1, beforeSoftmax: true });
    await assert.rejects(open(broken), { code: 'model-damaged' });
    const model = onnx.ModelProto.decode(colourClassifier());
    Object.assign(model.graph!.initializer![0]!, {
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: [{ key: 'location', value: 'outside.bin' }],
    });
    await writeFile(join(folder, 'external.onnx'), onnx.ModelProto.encode(model).finish());
    await assert.rejects(open(join(folder, 'external.onnx')), { code: 'model-incompatible' });
    await saveLayersModel(join(folder, 'stray'), '../outside.bin');
    await writeFile(join(folder, 'outside.bin'), 'not yours');
    await assert.rejects(open(join(folder, 'stray')), { code: 'model-damaged', message: /weights file/ });
    await saveLayersModel(join(folder, 'without'), 'group2.bin');
    await assert.rejects(open(join(folder, 'without')), { code: 'model-missing' });
    await assert.rejects(open(join(folder, 'none.onnx')), { code: 'model-missing' });
    await writeFile(join(folder, 'keras.h5'), 'x');
    await assert.rejects(open(join(folder, 'keras.h5')), { code: 'usage', remedy: /ONNX/ });
  });
});

test('"none of these" takes what excites no class; softmax alone cannot', () => {
  const weak = Float32Array.of(2, -4, -4);
  const strong = Float32Array.of(12, -4, -4);
  const logits = { task: 'classifier', kind: 'logits', classes: 3 } as const;
  const share = (row: Float32Array) => {
    const e = row.map(Math.exp);
    const sum = e.reduce((a, b) => a + b, 0);
    return e.map((v) => v / sum);
  };
  const soft = brandLogits(share(weak), { ...logits, kind: 'softmax' }, [0, 1, 2]);
  assert.ok(Math.abs(soft[0]! - brandLogits(weak, logits, [0])[0]!) < 1e-3 && soft[0]! > 5);
  const rejecting = { ...logits, noneLogit: 6 };
  assert.ok(brandLogits(weak, rejecting, [0])[0]! < -3.9);
  assert.ok(brandLogits(strong, rejecting, [0])[0]! > 5.9);
  const certain = brandLogits(Float32Array.of(1, 0, 0), { ...logits, kind: 'softmax' }, [0, 1]);
  assert.ok(certain[0] === 60 && certain[1] === -60);
  const sigmoid = brandLogits(Float32Array.of(0.5, 0.9, 0), { ...logits, kind: 'sigmoid' }, [0, 1, 2]);
  assert.ok(Math.abs(sigmoid[0]!) < 1e-6 && Math.abs(sigmoid[1]! - Math.log(9)) < 1e-5 && sigmoid[2] === -60);
});
