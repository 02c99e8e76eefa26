import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ForeignInput, NORMALISATIONS } from '../../../src/infer/foreign/foreign.js';
import { foreignRegion, preprocess } from '../../../src/infer/foreign/preprocess.js';

const INPUT: ForeignInput = {
  width: 2,
  height: 2,
  layout: 'nhwc',
  normalise: 'none',
  aspect: 'stretch',
  margin: 1,
};
const content = { x: 0, y: 0, width: 2, height: 2 };
/** Every pixel (255, 128, 0). */
const flat = {
  width: 2,
  height: 2,
  content,
  data: Uint8Array.from({ length: 12 }, (_, i) => [255, 128, 0][i % 3]!),
};

test('the ranges are the frameworks’ own', () => {
  const first = Object.fromEntries(
    NORMALISATIONS.map((normalise) => {
      const { data } = preprocess(flat, [[0, 0, 2, 2]], { ...INPUT, normalise }, 'float32');
      return [normalise, [...data.slice(0, 3)].map((v) => Number(v.toFixed(3)))];
    }),
  );
  assert.deepEqual(first, {
    none: [255, 128, 0],
    '0..1': [1, 0.502, 0],
    '-1..1': [1, 0.004, -1],
    imagenet: [2.249, 0.205, -1.804],
    caffe: [-103.939, 11.221, 131.32],
  });
});

test('colours first is the transpose', () => {
  const { data, dims } = preprocess(flat, [[0, 0, 2, 2]], { ...INPUT, layout: 'nchw' }, 'uint8');
  assert.deepEqual(dims, [1, 3, 2, 2]);
  assert.deepEqual([...data], [255, 255, 255, 255, 128, 128, 128, 128, 0, 0, 0, 0]);
});

test('a region has its margin, and the input’s aspect where that is to be kept', () => {
  assert.deepEqual(foreignRegion([10, 10, 20, 10], { ...INPUT, margin: 1.5 }), [5, 7.5, 30, 15]);
  assert.deepEqual(foreignRegion([10, 10, 20, 10], { ...INPUT, aspect: 'keep' }), [10, 5, 20, 20]);
});
