import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confidence, measure, rightAt1ByGroup, spread, type Verdict } from '../../../bench/study/measures.js';

const verdicts = (scores: readonly number[], brand = 0): Verdict[] =>
  scores.map((score) => ({ score, brand }));
/** 0.00, 0.01, ... 0.99. */
const free = verdicts(Array.from({ length: 100 }, (_, i) => i / 100));

test('every measure of a small case by hand', () => {
  // Five logo pictures: two right above all, one right below the 1 % point, one wrong above all, one wrong at the bottom.
  const logo = [...verdicts([5, 4, 0.5], 1), ...verdicts([3, -1], 0)];
  const found = measure({ logo, free, unknown: verdicts([2, 0.985, 0.5, -1]) }, Array(5).fill([1]));
  assert.equal(found.right, 0.6);
  // Above 0.98, the score that one of a hundred exceeds.
  assert.equal(found.rightAt1, 0.4);
  assert.equal(found.rightAt01, 0.4);
  assert.equal(found.unknownAt1, 0.5);
  // Three pictures above all, 0.5 above 50 and level with one, -1 above none.
  assert.ok(Math.abs(found.auroc - (3 + 0.505 + 0) / 5) < 1e-12);
  // To reach 95 % of five pictures all five have to be let in, with them every logo-free one.
  assert.equal(found.fpr95, 1);
  assert.ok(Math.abs(found.oscr - (2 + 0.505) / 5) < 1e-12);
});

test('a picture with two brands is right by either', () => {
  const found = measure({ logo: verdicts([9, 9], 2), free, unknown: [] }, [[1, 2], [0]]);
  assert.equal(found.right, 0.5);
  assert.ok(Number.isNaN(found.unknownAt1));
});

test('a perfect method has 1, 0 and 1', () => {
  const found = measure({ logo: verdicts([2, 3]), free, unknown: verdicts([0]) }, [[0], [0]]);
  assert.deepEqual([found.auroc, found.fpr95, found.oscr, found.rightAt01], [1, 0, 1, 1]);
});

test('one that names a brand for everything, as surely, is at chance', () => {
  const same = { logo: verdicts([1, 1]), free: verdicts([1, 1, 1]), unknown: verdicts([1]) };
  const found = measure(same, [[0], [0]]);
  assert.deepEqual([found.auroc, found.fpr95, found.rightAt1, found.oscr], [0.5, 1, 0, 0.5]);
});

test('groups are counted apart, with one threshold', () => {
  const logo = verdicts([2, 0, 2, 2]);
  const shares = rightAt1ByGroup({ logo, free, unknown: [] }, [[0], [0], [0], [1]], [0, 0, 1, 1], 3);
  assert.deepEqual(shares.slice(0, 2), [0.5, 0.5]);
  assert.ok(Number.isNaN(shares[2]));
});

test('confidence and spread by hand', () => {
  const { mean, above50, above90, above99 } = confidence([1, 0.95, 0.6, 0.5]);
  assert.ok(Math.abs(mean - 0.7625) < 1e-12);
  assert.deepEqual([above50, above90, above99], [0.75, 0.5, 0.25]);
  assert.deepEqual(spread([1, 3]), { mean: 2, deviation: Math.SQRT2, seeds: 2 });
  assert.deepEqual(spread([4]), { mean: 4, deviation: 0, seeds: 1 });
});
