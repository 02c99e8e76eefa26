import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitHead } from '../../../src/train/head/fit.js';
import { Rng } from '../../../src/train/rng.js';
import { type FrameSamples, NO_BRAND } from '../../../src/train/samples.js';

const INPUTS = 8;

/** Two brands at two corners of the space, one corner of their likeness in the bank only. */
function frame(rng: Rng, brand: number): FrameSamples {
  const data = new Float32Array(4 * INPUTS);
  const labels = new Int16Array(4).fill(NO_BRAND);
  for (let i = 0; i < data.length; i++) data[i] = Math.abs(rng.normal());
  if (brand !== NO_BRAND) {
    labels[0] = brand;
    data[brand] = 5;
    data[2] = 5;
  }
  const set = { data, labels };
  return { brands: brand === NO_BRAND ? [] : [brand], unclear: false, cells: set, crops: set };
}

test('a head learns its brands, stays silent on the bank, and is a function of the seed', async () => {
  const rng = new Rng(5);
  const frames = Array.from({ length: 60 }, (_, i) => frame(rng, i % 3 === 2 ? NO_BRAND : i % 3));
  const heldOut = Array.from({ length: 60 }, (_, i) => frame(rng, i % 3 === 2 ? NO_BRAND : i % 3));
  const bank = Array.from({ length: 40 }, () => frame(rng, NO_BRAND));
  const options = {
    inputs: INPUTS,
    hidden: 8,
    brandCount: 2,
    epochs: 2,
    seed: 1,
    part: (f: FrameSamples) => f.cells,
    frames,
    bank,
    heldOut,
  };
  const first = await fitHead(options);
  assert.equal(first.history.length, 2);
  assert.equal(first.last, first.history.at(-1));
  assert.ok(first.last.auroc > 0.98, `AUROC ${first.last.auroc}`);
  const again = await fitHead(options);
  assert.deepEqual(again.history, first.history);
  await assert.rejects(fitHead({ ...options, signal: AbortSignal.abort() }), { name: 'AbortError' });
});
