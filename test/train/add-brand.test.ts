import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelManifest } from '../../src/infer/manifest.js';
import { loadModel } from '../../src/infer/model/load.js';
import { createNetworkDetector, type NetworkDetector } from '../../src/infer/network-detector.js';
import { conservative } from '../../src/train/add/fit-brand.js';
import { addBrand } from '../../src/train/add-brand.js';
import { Composer } from '../../src/train/compose/composer.js';
import { auroc } from '../../src/train/metrics.js';
import { trainModel } from '../../src/train/train.js';
import { svg, writeArt } from '../support/art.js';

const FRAMES = 30;
let folder: string;
let model: string;

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), 'logowatch-add-'));
    model = join(folder, 'model');
    await writeArt(join(folder, 'art'));
    const cross = '<path d="M36 4h24v32h32v24H60v32H36V60H4V36h32z" fill="#0a7d32"/>';
    await writeFile(join(folder, 'cross.svg'), svg(cross));
    const small = { frames: 12, heldOutFrames: 8, epochs: 1, seed: 3 };
    await trainModel({ dataset: join(folder, 'art'), output: model, ...small });
  },
  { timeout: 600_000 },
);
after(() => rm(folder, { recursive: true, force: true }));

const manifest = async (path: string): Promise<ModelManifest> =>
  JSON.parse(await readFile(join(path, 'model.json'), 'utf8'));

async function detectorOf(path: string): Promise<NetworkDetector> {
  const loaded = await loadModel(path);
  // Places are chosen by all brands' logits; one floor for both models makes them comparable.
  return createNetworkDetector(
    { ...loaded, manifest: { ...loaded.manifest, candidateLogit: -30 } },
    { kind: 'onnx-f32' },
  );
}

test('a brand from one drawing is found, and the others’ scores stay what they were', {
  timeout: 600_000,
}, async () => {
  const output = join(folder, 'larger');
  const phases = new Set<string>();
  const summary = await addBrand({
    model,
    name: 'cross',
    paths: [join(folder, 'cross.svg')],
    output,
    frames: 48,
    heldOutFrames: 8,
    epochs: 2,
    onProgress: (p) => phases.add(p.phase),
  });
  assert.deepEqual(summary.brands, ['bars', 'rings', 'cross']);
  assert.deepEqual([...phases], ['data', 'features', 'head', 'calibrate']);
  const [was, is] = [await manifest(model), await manifest(output)];
  assert.deepEqual(is.brands.slice(0, 2), was.brands);
  assert.ok(is.brands[2]!.threshold <= 0.5);
  assert.deepEqual(Object.keys(is.ranges ?? {}).sort(), Object.keys(was.ranges ?? {}).sort());

  const composer = new Composer(
    {
      brands: ['cross'],
      photos: [],
      photosByBrand: [[]],
      artByBrand: [[join(folder, 'cross.svg')]],
      scenes: [],
      distractors: [],
      distractorArt: [],
    },
    77,
    0.6,
  );
  const [small, large] = [await detectorOf(model), await detectorOf(output)];
  const [positive, negative]: [number[], number[]] = [[], []];
  try {
    for (let i = 0; i < FRAMES; i++) {
      const { width, height, data, targets } = await composer.frame(i);
      const image = { width, height, data, content: { x: 0, y: 0, width, height } };
      const places = (await large.places([image], { all: true, thorough: true }))[0]!;
      const before = (await small.places([image], { all: true, thorough: true }))[0]!;
      let shared = 0;
      for (const p of places) {
        const same = before.find((b) => b.box.every((v, n) => Math.abs(v - p.box[n]!) < 1e-3));
        if (same === undefined) continue;
        shared++;
        for (const k of [0, 1]) {
          assert.ok(Math.abs(same.look[k]! - p.look[k]!) < 1e-5);
          assert.ok(Math.abs(same.verify[k]! - p.verify[k]!) < 1e-5);
        }
      }
      assert.ok(shared > 0, 'some places are looked at by both');
      const clear = targets.filter((t) => !t.ignore);
      if (clear.length < targets.length) continue;
      const found = (await large.detect([image], { all: true }))[0]!;
      const best = Math.max(...found.filter((d) => d.label === 'cross').map((d) => d.llr));
      (clear.length > 0 ? positive : negative).push(best);
    }
  } finally {
    await small.close();
    await large.close();
  }
  const area = auroc(positive, negative);
  assert.ok(area > 0.7, `AUROC ${area} of ${positive.length} and ${negative.length}`);

  const options = { model: output, name: 'cross', paths: [join(folder, 'art', 'bars.svg')] };
  await assert.rejects(addBrand(options), { code: 'usage', message: /already/ });
  const tiny = { frames: 4, heldOutFrames: 2, epochs: 1 };
  const replaced = await addBrand({ ...options, ...tiny, replace: true });
  assert.deepEqual(replaced.brands, ['bars', 'rings', 'cross']);
  assert.equal(replaced.output, output);
  await (await detectorOf(output)).close();
});

test('what cannot be added is said before any work', { timeout: 60_000 }, async () => {
  const paths = [join(folder, 'cross.svg')];
  await assert.rejects(addBrand({ model, name: 'x', paths: [join(folder, 'no.jpg')] }), {
    code: 'image-unreadable',
  });
  await writeFile(join(folder, 'broken.jpg'), 'no picture');
  await assert.rejects(addBrand({ model, name: 'x', paths: [join(folder, 'broken.jpg')] }), {
    code: 'image-unreadable',
  });
  await mkdir(join(folder, 'empty'));
  await assert.rejects(addBrand({ model, name: 'x', paths: [join(folder, 'empty')] }), {
    code: 'dataset-invalid',
  });
  await assert.rejects(addBrand({ model: join(folder, 'empty'), name: 'x', paths }), {
    code: 'model-missing',
  });
  await assert.rejects(addBrand({ model, name: ' ', paths }), { code: 'usage' });
  await assert.rejects(addBrand({ model, name: 'x', paths, output: folder }), { code: 'usage' });
});

test('a threshold above an even chance moves into the offset, with the same decisions', () => {
  const brand = { label: 'a', logo: 0, look: 1, verify: 1, offset: 2, threshold: 0.9 };
  const { offset, threshold } = conservative(brand);
  assert.equal(threshold, 0.5);
  assert.ok(Math.abs(offset - (2 - Math.log(9))) < 1e-9);
  assert.deepEqual(conservative({ ...brand, threshold: 0.3 }), { ...brand, threshold: 0.3 });
});
