import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cholesky, mahalanobis, nearestNeighbour, solveLower } from '../../../bench/study/distances.js';
import { Rng } from '../../../src/train/rng.js';

test('Cholesky and forward substitution by hand', () => {
  const l = cholesky(Float64Array.of(4, 0, 2, 5), 2);
  assert.deepEqual(Array.from(l), [2, 0, 1, 2]);
  assert.deepEqual(Array.from(solveLower(l, Float64Array.of(2, 5))), [1, 2]);
});

test('the nearest neighbour is by direction from the mean, not by length', () => {
  const x = { data: Float32Array.of(1, 0, -1, 0, 0, 1, 0, -1), columns: 2 };
  const judge = nearestNeighbour(x, [0, 1, 2, 3], [0, 1, 2, 3]);
  const found = judge({ data: Float32Array.of(0.1, 9), columns: 2 }, 0);
  assert.equal(found.brand, 2);
  assert.ok(found.score > 0.99 && found.score <= 1);
});

test('Mahalanobis discounts the direction in which brands vary anyway', () => {
  const rng = new Rng(1);
  const rows = Array.from({ length: 200 }, (_, i) => i);
  // Both brands spread ten times as far along the second axis; they are parted along the first.
  const data = Float32Array.from(rows.flatMap((r) => [(r % 2) * 8 + rng.normal(), 10 * rng.normal()]));
  const judge = mahalanobis(
    { data, columns: 2 },
    rows,
    rows.map((r) => r % 2),
    2,
  );
  const at = (...point: number[]) => judge({ data: Float32Array.from(point), columns: 2 }, 0);
  assert.equal(at(0, 15).brand, 0);
  assert.equal(at(8, -15).brand, 1);
  assert.ok(at(0, 15).score > at(-15, 0).score);
});
