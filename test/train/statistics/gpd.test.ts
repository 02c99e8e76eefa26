import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Gpd, gpdQuantile, gpdSurvival } from '../../../src/infer/smooth/tail.js';
import { Rng } from '../../../src/train/rng.js';
import { fitGpd } from '../../../src/train/statistics/gpd.js';

function sample(gpd: Gpd, n: number, seed: number): number[] {
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => gpdQuantile(gpd, 1 - rng.next()));
}

test('quantile and survival undo each other, at shape 0 as well', () => {
  for (const shape of [-0.4, 0, 1e-9, 0.3]) {
    for (const p of [0.9, 0.1, 1e-4]) {
      const gpd = { shape, scale: 2 };
      assert.ok(Math.abs(gpdSurvival(gpd, gpdQuantile(gpd, p)) / p - 1) < 1e-9);
    }
  }
  assert.equal(gpdSurvival({ shape: -0.5, scale: 1 }, 2.1), 0);
  assert.equal(gpdSurvival({ shape: 0.5, scale: 1 }, -1), 1);
});

test('many excesses give back their parameters', () => {
  for (const [shape, scale] of [
    [-0.3, 1],
    [0, 2],
    [0.25, 0.5],
  ] as const) {
    const fit = fitGpd(sample({ shape, scale }, 5000, 11));
    assert.ok(Math.abs(fit.shape - shape) < 0.05, `${shape}: ${fit.shape}`);
    assert.ok(Math.abs(fit.scale / scale - 1) < 0.06, `${scale}: ${fit.scale}`);
  }
});

test('the extrapolated quantile is right on average, from 50 excesses as well', () => {
  const gpd = { shape: 0.1, scale: 3 };
  const truth = gpdQuantile(gpd, 1e-3);
  const found = Array.from({ length: 200 }, (_, i) => gpdQuantile(fitGpd(sample(gpd, 50, i)), 1e-3)).sort(
    (a, b) => a - b,
  );
  assert.ok(Math.abs(found[100]! / truth - 1) < 0.2, `median ${found[100]}, truth ${truth}`);
});

test('a handful of excesses gets the exponential tail, ties do no harm', () => {
  assert.deepEqual(fitGpd([1, 2, 3]), { shape: 0, scale: 2 });
  assert.deepEqual(fitGpd(Array.from({ length: 40 }, () => 2)), { shape: 0, scale: 2 });
});
