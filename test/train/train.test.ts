import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelManifest } from '../../src/infer/manifest.js';
import { type TrainProgress, trainModel } from '../../src/train/train.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logowatch-train-'));
  await mkdir(join(folder, 'art'));
  const svg = (body: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96">${body}</svg>`;
  const rings = [40, 26, 12]
    .map((r, i) => `<circle cx="48" cy="48" r="${r}" fill="${i % 2 ? '#fff' : '#d00'}"/>`)
    .join('');
  const bars = [0, 1, 2, 3]
    .map((i) => `<path d="M${i * 24} 96L${i * 24 + 40} 0h14L${i * 24 + 14} 96z" fill="#0338d0"/>`)
    .join('');
  await writeFile(join(folder, 'art', 'rings.svg'), svg(rings));
  await writeFile(join(folder, 'art', 'bars.svg'), svg(bars));
});
after(() => rm(folder, { recursive: true, force: true }));

const small = { frames: 80, heldOutFrames: 40, epochs: 5, seed: 3 };
const manifest = async (name: string): Promise<ModelManifest> =>
  JSON.parse(await readFile(join(folder, name, 'model.json'), 'utf8'));

test('a small run learns its logos, and an aborted one resumes to the same model', {
  timeout: 120_000,
}, async () => {
  const dataset = join(folder, 'art');
  const seen: TrainProgress[] = [];
  const summary = await trainModel({
    ...small,
    dataset,
    output: join(folder, 'whole'),
    onProgress: (p) => seen.push(p),
  });
  assert.deepEqual(summary.brands, ['bars', 'rings']);
  assert.ok(summary.heldOut.auroc > 0.75, `AUROC ${summary.heldOut.auroc}`);
  assert.ok(seen.some((p) => p.phase === 'head' && p.done === p.total));
  const whole = await manifest('whole');
  assert.deepEqual(
    whole.brands.map((b) => b.label),
    ['bars', 'rings'],
  );
  assert.ok(Object.keys(whole.ranges ?? {}).length > 10);
  assert.match(await readFile(join(folder, 'whole', 'report.html'), 'utf8'), /<polyline/);
  await assert.rejects(stat(join(folder, 'whole.partial')), { code: 'ENOENT' });

  const output = join(folder, 'cut');
  const abortAt = (phase: TrainProgress['phase'], done: number): Promise<unknown> => {
    const controller = new AbortController();
    const onProgress = (p: TrainProgress): void => {
      if (p.phase === phase && p.done >= done) controller.abort();
    };
    return assert.rejects(trainModel({ ...small, dataset, output, signal: controller.signal, onProgress }), {
      name: 'AbortError',
    });
  };
  await abortAt('features', 40);
  await abortAt('head', 30);
  await assert.rejects(stat(output), { code: 'ENOENT' });
  const starts: number[] = [];
  const resumed = await trainModel({
    ...small,
    dataset,
    output,
    resume: true,
    onProgress: (p) => p.phase === 'features' && starts.push(p.done),
  });
  assert.deepEqual(starts, [], 'no frame is composed twice');
  assert.ok(
    Math.abs(resumed.heldOut.auroc - summary.heldOut.auroc) < 0.02,
    `${resumed.heldOut.auroc} against ${summary.heldOut.auroc}`,
  );
  const cut = await manifest('cut');
  for (const [i, b] of cut.brands.entries()) assert.ok(Math.abs(b.offset - whole.brands[i]!.offset) < 0.2);
});

test('an output folder that is no model is not touched', async () => {
  const output = join(folder, 'precious');
  await mkdir(output);
  await writeFile(join(output, 'thesis.txt'), 'x');
  await assert.rejects(trainModel({ ...small, dataset: join(folder, 'art'), output }), { code: 'usage' });
  assert.equal(await readFile(join(output, 'thesis.txt'), 'utf8'), 'x');
});
