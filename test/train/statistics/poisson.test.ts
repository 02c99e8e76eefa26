import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poissonInterval, poissonUpper } from '../../../src/train/statistics/poisson.js';

const near = (actual: number, expected: number, tolerance = 5e-4) =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, expected), `${actual}, not ${expected}`);

test('the upper bound is the rule of three for no event, and the tables’ value for others', () => {
  // Half of the chi-squared quantile with 2 (k + 1) degrees of freedom.
  near(poissonUpper(0), 2.99573);
  near(poissonUpper(1), 4.74386);
  near(poissonUpper(5), 10.51303);
  near(poissonUpper(0, 0.99), 4.60517);
});

test('the interval is Garwood’s', () => {
  const known: readonly (readonly [number, number, number])[] = [
    [0, 0, 3.68888],
    [1, 0.02532, 5.57164],
    [3, 0.61867, 8.76727],
    [10, 4.79539, 18.39036],
    [100, 81.36403, 121.62661],
  ];
  for (const [count, low, high] of known) {
    const interval = poissonInterval(count);
    near(interval[0], low);
    near(interval[1], high);
  }
});

test('large counts come near to the normal interval', () => {
  const [low, high] = poissonInterval(2500);
  assert.ok(Math.abs(low - 2402.9) < 1 && Math.abs(high - 2600.0) < 1, `${low} ${high}`);
});
