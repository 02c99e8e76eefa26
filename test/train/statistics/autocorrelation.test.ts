import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rng } from '../../../src/train/rng.js';
import {
  autocorrelation,
  effectiveSampleSize,
  integratedTime,
} from '../../../src/train/statistics/autocorrelation.js';

/** x(t) = phi x(t-1) + noise: autocorrelation phi^lag, integrated time (1 + phi) / (1 - phi). */
function autoregressive(phi: number, n: number, seed: number): Float64Array {
  const rng = new Rng(seed);
  const series = new Float64Array(n);
  for (let i = 1; i < n; i++) series[i] = phi * series[i - 1]! + rng.normal();
  return series;
}

test('autocorrelation by hand', () => {
  const rho = autocorrelation([1, -1, 1, -1], 3);
  assert.deepEqual([...rho], [1, -0.75, 0.5, -0.25]);
  assert.deepEqual([...autocorrelation([5, 5, 5], 2)], [1, 0, 0]);
});

test('the effective sample size of an autoregressive series is the known one', () => {
  for (const phi of [0, 0.5, 0.9]) {
    const expected = (40_000 * (1 - phi)) / (1 + phi);
    const size = effectiveSampleSize(autoregressive(phi, 40_000, 7), 400);
    assert.ok(Math.abs(size / expected - 1) < 0.15, `phi ${phi}: ${size}, not ${expected}`);
  }
});

test('no series is worth more than its samples', () => {
  assert.equal(integratedTime([1, -0.9, 0.8]), 1);
  assert.equal(effectiveSampleSize(autoregressive(-0.8, 1000, 3)), 1000);
});
