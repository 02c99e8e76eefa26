import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelManifest } from '../../src/infer/manifest.js';
import { type TrainOptions, type TrainProgress, trainModel } from '../../src/train/train.js';
import { writeArt } from '../support/art.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logowatch-train-'));
  await writeArt(join(folder, 'art'));
});
after(() => rm(folder, { recursive: true, force: true }));

const manifest = async (name: string): Promise<ModelManifest> =>
  JSON.parse(await readFile(join(folder, name, 'model.json'), 'utf8'));

/** Runs until a phase has come so far, then aborts. */
async function cutOff(options: TrainOptions, phase: TrainProgress['phase'], done: number): Promise<void> {
  const controller = new AbortController();
  const onProgress = (p: TrainProgress): void => {
    if (p.phase === phase && p.done >= done) controller.abort();
  };
  await assert.rejects(trainModel({ ...options, signal: controller.signal, onProgress }), {
    name: 'AbortError',
  });
  await assert.rejects(stat(options.output), { code: 'ENOENT' });
}

test('a small run on logo art learns to find it, and writes a whole model', {
  timeout: 900_000,
}, async () => {
  const output = join(folder, 'learned');
  const seen: TrainProgress[] = [];
  const summary = await trainModel({
    dataset: join(folder, 'art'),
    output,
    frames: 96,
    heldOutFrames: 48,
    epochs: 6,
    seed: 3,
    onProgress: (p) => seen.push(p),
  });
  assert.deepEqual(summary.brands, ['bars', 'rings']);
  assert.ok(summary.heldOut.auroc > 0.75, `AUROC ${summary.heldOut.auroc}`);
  assert.ok(seen.some((p) => p.phase === 'head' && p.done === p.total));
  const { brands, ranges } = await manifest('learned');
  assert.deepEqual(
    brands.map((b) => b.label),
    ['bars', 'rings'],
  );
  assert.ok(Object.keys(ranges ?? {}).length > 10);
  assert.match(await readFile(join(output, 'report.html'), 'utf8'), /<polyline/);
  await assert.rejects(stat(`${output}.partial`), { code: 'ENOENT' });
});

test('a run that was cut off twice goes on to the same model', { timeout: 900_000 }, async () => {
  const options = { dataset: join(folder, 'art'), frames: 24, heldOutFrames: 12, epochs: 3, seed: 3 };
  await trainModel({ ...options, output: join(folder, 'whole') });
  const output = join(folder, 'cut');
  await cutOff({ ...options, output }, 'features', 10);
  await cutOff({ ...options, output }, 'head', 2);
  const composed: number[] = [];
  await trainModel({
    ...options,
    output,
    resume: true,
    onProgress: (p) => p.phase === 'features' && composed.push(p.done),
  });
  assert.deepEqual(composed, [], 'no frame is composed twice');
  const [whole, cut] = [await manifest('whole'), await manifest('cut')];
  for (const [i, b] of cut.brands.entries()) {
    assert.ok(Math.abs(b.offset - whole.brands[i]!.offset) < 1e-2, `${b.offset} ${whole.brands[i]!.offset}`);
    assert.ok(Math.abs(b.verify - whole.brands[i]!.verify) < 1e-2);
  }
  await assert.rejects(trainModel({ ...options, seed: 4, output: join(folder, 'other'), resume: true }), {
    code: 'usage',
  });
});

test('an output folder that is no model is not touched', async () => {
  const output = join(folder, 'precious');
  await mkdir(output);
  await writeFile(join(output, 'thesis.txt'), 'x');
  await assert.rejects(trainModel({ dataset: join(folder, 'art'), output }), { code: 'usage' });
  assert.equal(await readFile(join(output, 'thesis.txt'), 'utf8'), 'x');
});
