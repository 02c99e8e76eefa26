import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrate, conformalThreshold, PRIOR_ODDS } from '../../src/train/calibrate.js';
import { auroc, type FrameScores, heldOutMetrics, quantile } from '../../src/train/metrics.js';
import { Rng } from '../../src/train/rng.js';

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

test('calibrated scores are log-likelihood ratios, and the threshold holds the false frames', () => {
  const rng = new Rng(2);
  // Two normal densities a distance of 4 apart: the true ratio is 4 z - 8.
  const draw = (brands: number[]): FrameScores => ({
    logits: Float32Array.from([0, 1], (k) => rng.normal() + (brands.includes(k) ? 4 : 0)),
    brands,
    unclear: false,
  });
  const frames = Array.from({ length: 4000 }, (_, i) => draw(i % 4 === 0 ? [i % 8 === 0 ? 0 : 1] : []));
  const { brands } = calibrate(['a', 'b'], frames);
  for (const { slope, offset } of brands) {
    assert.ok(Math.abs(slope - 4) < 0.6, `slope ${slope}`);
    assert.ok(Math.abs(offset + 8) < 1.2, `offset ${offset}`);
  }
  const score = (f: FrameScores): number =>
    Math.max(
      ...brands.map(
        (b, k) => 1 / (1 + Math.exp(-(b.slope * f.logits[k]! + b.offset + Math.log(PRIOR_ODDS)))),
      ),
    );
  const fresh = Array.from({ length: 4000 }, () => draw([]));
  const rate = fresh.filter((f) => score(f) >= brands[0]!.threshold).length / fresh.length;
  assert.ok(rate < 0.012, `${rate} false frames`);
  const found =
    Array.from({ length: 400 }, () => draw([0])).filter((f) => score(f) >= brands[0]!.threshold).length / 400;
  assert.ok(found > 0.75, `${found} found`);
});

test('the conformal threshold lies above every value when there are too few', () => {
  assert.ok(conformalThreshold([0.1, 0.2, 0.3], 0.01) > 0.3);
  assert.ok(
    conformalThreshold(
      Array.from({ length: 999 }, (_, i) => i / 1000),
      0.1,
    ) > 0.89,
  );
});
