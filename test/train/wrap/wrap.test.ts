import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DetectorImage } from '../../../src/infer/detector.js';
import { ForeignClassifier } from '../../../src/infer/foreign/classifier.js';
import { openForeign } from '../../../src/infer/foreign/open.js';
import { readBrands } from '../../../src/infer/model/brands.js';
import { loadModel } from '../../../src/infer/model/load.js';
import { saveTemporal } from '../../../src/infer/model/save.js';
import { createDetector } from '../../../src/infer/network-detector.js';
import { type ComposedFrame, Composer } from '../../../src/train/compose/composer.js';
import { splitSources } from '../../../src/train/compose/sources.js';
import { readDataset } from '../../../src/train/datasets/read.js';
import { auroc } from '../../../src/train/metrics.js';
import { readForeignSource } from '../../../src/train/wrap/source.js';
import { wrapModel } from '../../../src/train/wrap/wrap.js';
import { colourClassifier, constantDetector, SIDE, saveLayersModel } from '../../infer/foreign/support.js';
import { temporalOf } from '../../infer/support.js';

let folder: string;
let network: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logowatch-wrap-'));
  await mkdir(join(folder, 'art'));
  const svg = (body: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96">${body}</svg>`;
  const rings = [46, 38, 30, 12]
    .map((r, i) => `<circle cx="48" cy="48" r="${r}" fill="${i % 2 ? '#fff' : '#d00'}"/>`)
    .join('');
  const bars = [0, 1, 2, 3]
    .map((i) => `<path d="M${i * 24} 96L${i * 24 + 40} 0h14L${i * 24 + 14} 96z" fill="#0338d0"/>`)
    .join('');
  await writeFile(join(folder, 'art', 'rings.svg'), svg(rings));
  await writeFile(join(folder, 'art', 'bars.svg'), svg(bars));
  network = join(folder, 'colours.onnx');
  await writeFile(network, colourClassifier());
});
after(() => rm(folder, { recursive: true, force: true }));

const imageOf = ({ width, height, data }: ComposedFrame): DetectorImage => ({
  width,
  height,
  data,
  content: { x: 0, y: 0, width, height },
});

/** Composed frames of another seed than the fit's: with logos, and without. */
async function testFrames(): Promise<{ frame: ComposedFrame; label: string | undefined }[]> {
  const dataset = await readDataset(join(folder, 'art'));
  const none = { pictures: [], distractors: [], art: [] };
  const composer = new Composer(splitSources(dataset, none, 1).train, 4711);
  const found = [];
  for (let i = 0; i < 60; i++) {
    const frame = await composer.frame(i);
    const [target, ...others] = frame.targets;
    if (others.length === 0 && target?.ignore !== true)
      found.push({ frame, label: target && dataset.brands[target.brand] });
  }
  return found;
}

test('a classifier that is certain of everything falls silent on background and still finds its logos', {
  timeout: 400_000,
}, async () => {
  const output = join(folder, 'wrapped');
  const summary = await wrapModel({
    network,
    labels: 'rings,bars',
    output,
    images: join(folder, 'art'),
    normalise: 'none',
    frames: 100,
  });
  assert.equal(summary.fit, 'two-sided');
  assert.ok(summary.namedRightly! > 0.6, `names ${summary.namedRightly} rightly`);
  assert.equal(summary.networkOutput.task === 'classifier' && summary.networkOutput.kind, 'logits');
  const frames = await testFrames();
  const free = frames.filter((f) => f.label === undefined);
  const bare = new ForeignClassifier(
    await openForeign(await readForeignSource(network), { threads: 1, beforeSoftmax: false }),
    summary.input,
  );
  const certain: number[] = [];
  for (const { frame } of free) {
    const [row] = await bare.rows(imageOf(frame), [[0, 0, frame.width, frame.height]]);
    certain.push(Math.max(...row!));
  }
  await bare.close();
  const share = certain.filter((p) => p > 0.9).length / certain.length;
  assert.ok(share > 0.6, `alone it is certain of ${share} of the logo-free frames`);
  const detector = await createDetector(output);
  assert.deepEqual(detector.model.labels, ['rings', 'bars']);
  for (const thorough of [false, true]) {
    const scores = { logo: [] as number[], free: [] as number[] };
    let [falsePictures, right] = [0, 0];
    for (const { frame, label } of frames) {
      const [found] = await detector.detect([imageOf(frame)], { thorough });
      const [all] = await detector.detect([imageOf(frame)], { all: true, thorough });
      scores[label === undefined ? 'free' : 'logo'].push(all![0]!.llr);
      if (label === undefined && found!.length > 0) falsePictures++;
      if (label !== undefined && found![0]?.label === label) right++;
    }
    const mode = thorough ? 'as a still' : 'as a frame';
    assert.ok(falsePictures <= 2, `${mode}: ${falsePictures} of ${free.length} logo-free frames`);
    assert.ok(right >= 3, `${mode}: ${right} of ${scores.logo.length} logos found`);
    const separated = auroc(scores.logo, scores.free);
    assert.ok(separated > 0.75, `${mode}: AUROC ${separated}`);
  }
  await detector.close();
});

test('without example pictures silence alone is fitted; a LayersModel; a class that is no logo', {
  timeout: 300_000,
}, async () => {
  await saveLayersModel(join(folder, 'layers'));
  const output = join(folder, 'one-sided');
  const summary = await wrapModel({
    network: join(folder, 'layers'),
    labels: 'rings,other',
    background: ['other'],
    output,
    normalise: 'none',
    frames: 40,
  });
  assert.equal(summary.fit, 'one-sided');
  const detector = await createDetector(output);
  assert.deepEqual(detector.model.labels, ['rings']);
  let reported = 0;
  const free = (await testFrames()).filter((f) => f.label === undefined).slice(0, 20);
  for (const { frame } of free) reported += (await detector.detect([imageOf(frame)]))[0]!.length > 0 ? 1 : 0;
  await detector.close();
  assert.ok(reported <= 1, `${reported} of ${free.length}`);
});

test('a detector keeps its boxes; its thresholds are fitted anew', { timeout: 300_000 }, async () => {
  const path = join(folder, 'detector.onnx');
  // One box of 8x8 px around (16, 16) of 32, half sure of the second class.
  await writeFile(path, constantDetector([16, 16, 8, 8, 0.01, 0.5], 2));
  const output = join(folder, 'detector');
  const summary = await wrapModel({ network: path, labels: 'rings,bars', output, frames: 30 });
  assert.equal(summary.networkOutput.task === 'detector' && summary.networkOutput.form, 'yolov8');
  const detector = await createDetector(output);
  const image: DetectorImage = {
    width: 480,
    height: 480,
    content: { x: 0, y: 0, width: 480, height: 480 },
    data: new Uint8Array(480 * 480 * 3),
  };
  assert.deepEqual(await detector.detect([image]), [[]], 'what background gets too is no find');
  const [all] = await detector.detect([image], { all: true });
  const bars = all!.find((d) => d.label === 'bars')!;
  assert.ok(
    bars.box.every((v, i) => Math.abs(v - [0.375, 0.375, 0.25, 0.25][i]!) < 1e-6),
    `${bars.box}`,
  );
  await detector.close();
});

test('a folder whose files changed is refused, and so is one that names files elsewhere', async () => {
  const output = join(folder, 'to-damage');
  await mkdir(output);
  await writeFile(join(output, 'notes.txt'), 'mine');
  await writeFile(join(output, 'model.json'), '{}');
  await wrapModel({ network, labels: 'rings,bars', output, frames: 2 });
  assert.equal(await readFile(join(output, 'notes.txt'), 'utf8'), 'mine');
  const manifest = JSON.parse(await readFile(join(output, 'model.json'), 'utf8'));
  const file = manifest.foreign.main.file as string;
  const bytes = await readFile(join(output, file));
  bytes[bytes.length - 3]! ^= 1;
  const changed = join(folder, 'changed');
  await cp(output, changed, { recursive: true });
  await writeFile(join(changed, file), bytes);
  await assert.rejects(createDetector(changed), { code: 'model-damaged', message: /network-.*\.onnx/ });
  await rm(join(changed, file));
  await assert.rejects(createDetector(changed), { code: 'model-missing' });
  const write = (value: object) => writeFile(join(changed, 'model.json'), JSON.stringify(value));
  const stray = { ...manifest.foreign.main, file: '../colours.onnx' };
  await write({ ...manifest, foreign: { ...manifest.foreign, main: stray } });
  await assert.rejects(createDetector(changed), { code: 'model-damaged', message: /plain file name/ });
  await write({ ...manifest, surprise: 1 });
  await assert.rejects(createDetector(changed), { code: 'model-damaged' });
  await write({ ...manifest, format: 99 });
  await assert.rejects(createDetector(changed), { code: 'model-incompatible' });
});

test('a wrapped model is calibrated over time as any other, but has no head to add a brand to', async () => {
  const output = join(folder, 'over-time');
  await wrapModel({ network, labels: 'rings,bars', output, frames: 2 });
  const { brands } = await readBrands(output);
  assert.deepEqual(
    brands.map((b) => b.label),
    ['rings', 'bars'],
  );
  await saveTemporal(output, temporalOf('rings'));
  const detector = await createDetector(output);
  assert.equal(detector.model.temporal?.brands[0]?.label, 'rings');
  await detector.close();
  await assert.rejects(loadModel(output), { code: 'model-incompatible', message: /a network of your own/ });
});

test('wrong labels, sizes and pictures are usage errors before any work', async () => {
  const common = { network, labels: 'rings,bars', output: join(folder, 'never'), frames: 2 };
  await assert.rejects(wrapModel({ ...common, labels: 'a,b,c' }), {
    code: 'usage',
    message: /2 outputs.*names 3/,
  });
  await assert.rejects(wrapModel({ ...common, labels: 'a,a' }), { code: 'usage' });
  await assert.rejects(wrapModel({ ...common, labels: 'labels.txt' }), { code: 'model-missing' });
  await assert.rejects(wrapModel({ ...common, background: ['x'] }), { code: 'usage' });
  const input = { width: 224, height: 224 };
  await assert.rejects(wrapModel({ ...common, input }), {
    code: 'usage',
    message: new RegExp(`${SIDE}x${SIDE}`),
  });
  await assert.rejects(wrapModel({ ...common, layout: 'nchw' }), { code: 'usage' });
  await assert.rejects(wrapModel({ ...common, labels: 'rings,cubes', images: join(folder, 'art') }), {
    code: 'dataset-invalid',
  });
  const logits = join(folder, 'logits.onnx');
  await writeFile(logits, colourClassifier({ softmax: false }));
  await assert.rejects(wrapModel({ ...common, network: logits, outputKind: 'softmax' }), { code: 'usage' });
});
