import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrandCalibration } from '../../../src/infer/manifest.js';
import { mergeBrand, mergeRounding } from '../../../src/train/add/merge-model.js';
import { exportHead } from '../../../src/train/head/export.js';
import { initialParameters, type Parameters } from '../../../src/train/head/mlp.js';
import { Rng } from '../../../src/train/rng.js';
import { CELL_INPUTS, CROP_INPUTS } from '../../../src/train/samples.js';

const rng = new Rng(9);
const head = (inputs: number, hidden: number, outputs: number): Parameters =>
  initialParameters({ inputs, hidden, outputs }, 3, rng);
const heads = (hidden: number, outputs: number) => ({
  look: head(CELL_INPUTS, hidden, outputs),
  verify: head(CROP_INPUTS, hidden, outputs),
});
const brand = (label: string): BrandCalibration => ({
  label,
  logo: 0,
  look: 1,
  verify: 1,
  offset: 0,
  threshold: 0.5,
});

test('ranges widen where they must, means go on, and nothing else of the old rounding changes', () => {
  const old = heads(2, 2);
  const merged = mergeBrand(
    exportHead(old.look, old.verify),
    [brand('a'), brand('b')],
    heads(1, 1),
    brand('c'),
  );
  const before = {
    ranges: { trunk: [0, 3], 'brand.hidden8': [0, 5], 'brand.hidden16': [0, 5], 'brand.hidden32': [0, 5] },
    means: { trunk: [1], 'brand.hidden8': [1, 2], 'brand.hidden16': [1, 2] },
    cropRanges: { 'verify.stride32': [-1, 1], 'verify.crop': [-1, 1], 'verify.hidden': [0, 2] },
  } as const;
  const measured = {
    ranges: { trunk: [0, 9], 'brand.hidden8': [0, 4], 'brand.hidden16': [0, 6], 'brand.hidden32': [0, 1] },
    means: {
      trunk: [7],
      'brand.hidden8': [7, 7, 3],
      'brand.hidden16': [7, 7, 4],
      'brand.hidden32': [1, 1, 1],
    },
    cropRanges: { 'verify.stride32': [-2, 0], 'verify.crop': [0, 1], 'verify.hidden': [0, 3] },
  } as const;
  assert.deepEqual(mergeRounding(before, measured, merged), {
    ranges: { trunk: [0, 3], 'brand.hidden8': [0, 5], 'brand.hidden16': [0, 6], 'brand.hidden32': [0, 5] },
    means: { trunk: [1], 'brand.hidden8': [1, 2, 3], 'brand.hidden16': [1, 2, 4] },
    cropRanges: { 'verify.stride32': [-2, 1], 'verify.crop': [-1, 1], 'verify.hidden': [0, 3] },
  });
  assert.deepEqual(mergeRounding({}, {}, merged), {}, 'a model in float stays one');
});

test('a replaced brand goes with the units that only it read, and their means', () => {
  const [old, first, second] = [heads(2, 2), heads(1, 1), heads(3, 1)];
  const brands = [brand('a'), brand('b')];
  const once = mergeBrand(exportHead(old.look, old.verify), brands, first, brand('c'));
  const twice = mergeBrand(once.head, once.brands, second, { ...brand('c'), offset: 1 });
  assert.deepEqual(
    twice.brands.map((b) => [b.label, b.offset]),
    [
      ['a', 0],
      ['b', 0],
      ['c', 1],
    ],
  );
  assert.deepEqual(twice.head.tensors.get('brand.weights')!.shape, [1, 1, 5, 3]);
  const rounding = { ranges: {}, means: { 'brand.hidden8': [1, 2, 9] } };
  const { means } = mergeRounding(rounding, { means: { 'brand.hidden8': [7, 7, 4, 5, 6] } }, twice);
  assert.deepEqual(means, { 'brand.hidden8': [1, 2, 4, 5, 6] });
});
