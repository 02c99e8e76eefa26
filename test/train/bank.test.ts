import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { loadShippedTrunk } from '../../src/infer/network/shipped.js';
import { type BankPicture, loadBank, saveBank } from '../../src/train/bank.js';
import { chooseNegatives, extractNegatives } from '../../src/train/bank-picture.js';
import { Base } from '../../src/train/base.js';
import { Rng } from '../../src/train/rng.js';
import { CELL_INPUTS, CROP_INPUTS, NO_BRAND, SampleStore } from '../../src/train/samples.js';
import { withFolder } from '../infer/support.js';

function picture(rng: Rng, places: number): BankPicture {
  const labels = new Int16Array(places).fill(NO_BRAND);
  const fill = (n: number, f: () => number) => Float32Array.from({ length: places * n }, f);
  return {
    brands: [],
    unclear: false,
    cells: { data: fill(CELL_INPUTS, () => rng.uniform(0, 6)), labels },
    crops: { data: fill(CROP_INPUTS, () => rng.normal()), labels },
    logos: Float32Array.from({ length: places }, () => rng.uniform(-9, 9)),
  };
}

test('a bank comes back to within its steps, and a damaged one is refused', async () => {
  await withFolder(async (folder) => {
    const rng = new Rng(1);
    const pictures = [picture(rng, 3), picture(rng, 1)];
    await saveBank(folder, pictures, { scenes: 2 });
    const loaded = await loadBank(folder);
    assert.deepEqual(
      loaded.map((p) => p.cells.labels.length),
      [3, 1],
    );
    pictures.forEach((p, n) => {
      p.cells.data.forEach((v, i) => {
        assert.ok(Math.abs(v - loaded[n]!.cells.data[i]!) <= 1 / 8 + 1e-6);
      });
      p.logos.forEach((v, i) => {
        assert.ok(Math.abs(v - loaded[n]!.logos[i]!) <= 1 / 16 + 1e-6);
      });
      p.crops.data.forEach((v, i) => {
        assert.ok(Math.abs(v - loaded[n]!.crops.data[i]!) <= 0.2 * 1.8);
      });
    });
    const bytes = await readFile(join(folder, 'bank.bin.br'));
    bytes[5]! ^= 1;
    await writeFile(join(folder, 'bank.bin.br'), bytes);
    await assert.rejects(loadBank(folder), { code: 'model-damaged' });
  });
});

test('the shipped bank belongs to the shipped network and holds thousands of pictures', async () => {
  const bank = await loadBank();
  assert.ok(bank.length > 2000, `${bank.length} pictures`);
  assert.ok(bank.every((p) => p.cells.labels.length === p.crops.labels.length));
});

test('one’s own negatives lengthen the bank: their places, and what a box says is no brand', async () => {
  await withFolder(async (folder) => {
    const file = (name: string): string => join(folder, name);
    const svg =
      '<svg width="320" height="180"><rect x="40" y="30" width="90" height="60" fill="teal"/></svg>';
    for (const name of ['scene.png', 'other.png'])
      await sharp(Buffer.from(svg)).flatten({ background: 'white' }).png().toFile(file(name));
    const box = { label: 'other', box: [40, 30, 90, 60] as const };
    const other = { file: file('other.png'), width: 320, height: 180, weak: false, boxes: [box] };
    const files = chooseNegatives({ scenes: [file('scene.png')], distractors: [other] }, 1);
    assert.deepEqual(files, chooseNegatives({ scenes: [file('scene.png')], distractors: [other] }, 1));
    const base = await Base.open(await loadShippedTrunk());
    const store = await SampleStore.open(folder, 'negatives', 'key');
    try {
      await extractNegatives({ base, store, files, seed: 1 });
    } finally {
      await store.close();
      await base.close();
    }
    const of = (name: string) => store.frames[files.findIndex((f) => f.file === file(name))]!;
    for (const { crops, cells } of store.frames) {
      assert.ok(cells.labels.length > 0 && [...crops.labels, ...cells.labels].every((l) => l === NO_BRAND));
      assert.equal(crops.data.length, crops.labels.length * CROP_INPUTS);
    }
    assert.equal(of('scene.png').crops.labels.length, of('scene.png').cells.labels.length);
    assert.equal(of('other.png').crops.labels.length, of('other.png').cells.labels.length + 1);
  });
});
