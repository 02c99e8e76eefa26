import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rng } from '../../src/train/rng.js';

test('the same seeds give the same stream, and neighbours unrelated ones', () => {
  const draw = (...seeds: number[]): number[] => {
    const rng = new Rng(...seeds);
    return Array.from({ length: 4 }, () => rng.uint32());
  };
  assert.deepEqual(draw(1, 2), draw(1, 2));
  const seen = new Set([draw(1, 2), draw(2, 1), draw(1, 3), draw(1), draw(2)].flat());
  assert.equal(seen.size, 20);
});

test('values spread evenly, and normal values have their moments', () => {
  const rng = new Rng(7);
  const bins = new Array<number>(10).fill(0);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    const bin = rng.below(10);
    bins[bin] = bins[bin]! + 1;
    const z = rng.normal();
    sum += z;
    squares += z * z;
  }
  for (const n of bins) assert.ok(Math.abs(n - 2000) < 200, `${n} of 2000`);
  assert.ok(Math.abs(sum / 20_000) < 0.03);
  assert.ok(Math.abs(squares / 20_000 - 1) < 0.05);
});

test('shuffle keeps every item', () => {
  const shuffled = new Rng(3).shuffle(Array.from({ length: 50 }, (_, i) => i));
  assert.notDeepEqual(
    shuffled,
    [...shuffled].sort((a, b) => a - b),
  );
  assert.deepEqual(
    [...shuffled].sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i),
  );
});
