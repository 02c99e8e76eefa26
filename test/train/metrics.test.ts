import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auroc, type FrameScores, heldOutMetrics, quantile } from '../../src/train/metrics.js';

test('AUROC and quantiles of small lists by hand', () => {
  assert.equal(auroc([3, 4], [1, 2]), 1);
  assert.equal(auroc([1, 3], [2, 2]), 0.5);
  assert.equal(auroc([2], [2]), 0.5);
  assert.equal(quantile([5, 1, 3, 2, 4], 0.8), 4);
});

test('recall counts the right brand above the threshold only', () => {
  const frame = (logits: number[], brands: number[], unclear = false): FrameScores => ({
    logits: Float32Array.from(logits),
    brands,
    unclear,
  });
  const negatives = Array.from({ length: 100 }, (_, i) => frame([-9, -10 + i / 100], []));
  const metrics = heldOutMetrics([
    ...negatives,
    frame([5, -9], [0]),
    frame([5, -9], [1]),
    frame([-9.5, -9.9], [0]),
    frame([-5, 9], [1]),
    frame([99, 99], [], true),
  ]);
  assert.equal(metrics.positives, 4);
  assert.equal(metrics.negatives, 100);
  assert.equal(metrics.recallAt1Percent, 0.5);
});
