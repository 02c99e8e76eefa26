import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrap, bootstrapWeights, wilson } from '../../../src/train/evaluate/intervals.js';
import { reliability } from '../../../src/train/evaluate/reliability.js';
import { Rng } from '../../../src/train/rng.js';

test('Wilson intervals of the text books', () => {
  const { value, low, high } = wilson(8, 10);
  assert.equal(value, 0.8);
  assert.ok(Math.abs(low - 0.4902) < 5e-4 && Math.abs(high - 0.9433) < 5e-4, `${low} ${high}`);
  assert.equal(wilson(0, 20).low, 0);
  assert.ok(Math.abs(wilson(0, 20).high - 0.1611) < 5e-4);
  assert.equal(wilson(20, 20).high, 1);
  assert.deepEqual([wilson(0, 0).low, wilson(0, 0).high], [0, 1]);
});

test('the bootstrap holds the truth about as often as it says, and is the same each time', () => {
  const rng = new Rng(8);
  const difference = (p: readonly number[], n: readonly number[]): number => mean(p) - mean(n);
  let holds = 0;
  const repeats = 60;
  for (let i = 0; i < repeats; i++) {
    const p = Array.from({ length: 50 }, () => rng.normal() + 1);
    const n = Array.from({ length: 50 }, () => rng.normal());
    const { low, high } = bootstrap(p, n, difference);
    if (low <= 1 && 1 <= high) holds++;
  }
  assert.ok(holds >= 0.85 * repeats, `${holds} of ${repeats}`);
  const [p, n] = [
    [1, 2, 3],
    [0, 1, 5],
  ];
  assert.deepEqual(bootstrap(p!, n!, difference), bootstrap(p!, n!, difference));
});

test('weights of the bootstrap are counts of draws', () => {
  const totals = new Set<number>();
  const { value } = bootstrapWeights(7, (weights) => {
    if (weights !== undefined) totals.add(weights.reduce((a, b) => a + b, 0));
    return weights === undefined ? 3 : weights[0]!;
  });
  assert.equal(value, 3);
  assert.deepEqual([...totals], [7]);
});

test('calibration error by hand', () => {
  const judged = [
    { probability: 0.95, hit: true },
    { probability: 0.85, hit: false },
    { probability: 0.15, hit: false },
    { probability: 1, hit: true },
  ];
  const { ece, bins } = reliability(judged);
  // Bins hold {0.15}, {0.85} and {0.95, 1}: off by 0.15, 0.85 and 0.05 in all.
  assert.ok(Math.abs(ece - (0.15 + 0.85 + 0.05) / 4) < 1e-12, `${ece}`);
  assert.deepEqual(
    bins.map((b) => b.count),
    [0, 1, 0, 0, 0, 0, 0, 0, 1, 2],
  );
  assert.equal(bins[0]!.observed, null);
  assert.ok(Math.abs(bins[9]!.stated! - 0.975) < 1e-12);
});

test('what comes true as often as stated has no error, and weights count', () => {
  const rng = new Rng(9);
  const judged = Array.from({ length: 20_000 }, () => {
    const probability = rng.next();
    return { probability, hit: rng.chance(probability) };
  });
  assert.ok(reliability(judged).ece < 0.02);
  const weighted = reliability([
    { probability: 0.5, hit: true, weight: 3 },
    { probability: 0.5, hit: false, weight: 1 },
  ]);
  assert.equal(weighted.ece, 0.25);
});

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
