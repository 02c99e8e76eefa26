import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BankPicture, loadBank, saveBank } from '../../src/train/bank.js';
import { Rng } from '../../src/train/rng.js';
import { CELL_INPUTS, CROP_INPUTS, NO_BRAND } from '../../src/train/samples.js';
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
        assert.ok(Math.abs(v - loaded[n]!.cells.data[i]!) <= 6 / 255);
      });
      p.logos.forEach((v, i) => {
        assert.ok(Math.abs(v - loaded[n]!.logos[i]!) <= 1 / 16 + 1e-6);
      });
      p.crops.data.forEach((v, i) => {
        assert.ok(Math.abs(v - loaded[n]!.crops.data[i]!) <= 0.03);
      });
    });
    const bytes = await readFile(join(folder, 'bank.bin'));
    bytes[5]! ^= 1;
    await writeFile(join(folder, 'bank.bin'), bytes);
    await assert.rejects(loadBank(folder), { code: 'model-damaged' });
  });
});

test('the shipped bank belongs to the shipped network and holds thousands of pictures', async () => {
  const bank = await loadBank();
  assert.ok(bank.length > 2000, `${bank.length} pictures`);
  assert.ok(bank.every((p) => p.cells.labels.length === p.crops.labels.length));
});
