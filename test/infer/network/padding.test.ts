import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samePadding } from '../../../src/infer/network/padding.js';

test("TensorFlow's SAME, the smaller half first", () => {
  assert.deepEqual(samePadding(10, 3, 1), { output: 10, before: 1, after: 1 });
  assert.deepEqual(samePadding(10, 3, 2), { output: 5, before: 0, after: 1 });
  assert.deepEqual(samePadding(11, 3, 2), { output: 6, before: 1, after: 1 });
  assert.deepEqual(samePadding(45, 5, 2), { output: 23, before: 2, after: 2 });
  assert.deepEqual(samePadding(90, 5, 2), { output: 45, before: 1, after: 2 });
  assert.deepEqual(samePadding(9, 1, 2), { output: 5, before: 0, after: 0 });
});
