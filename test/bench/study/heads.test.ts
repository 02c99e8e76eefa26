import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CROPS } from '../../../bench/study/crops.js';
import { trainingRows, verdictOf } from '../../../bench/study/heads.js';
import { mixture, recipes } from '../../../bench/study/recipes.js';

const rowsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (first + i) * CROPS);
const bank = {
  logos: rowsFrom(0, 3),
  brand: [0, 1, 1],
  scenes: rowsFrom(3, 10),
  unknown: rowsFrom(13, 5),
  generated: { noise: rowsFrom(18, 2), shapes: rowsFrom(20, 2), text: [], patches: [] },
};

test('a head’s rows are the crops of the brands and of as many negatives as it asks for', () => {
  const { rows, labels } = trainingRows({ scenes: 4, other: 'all', generated: ['noise'] }, bank, 2, 1);
  assert.equal(rows.length, (3 + 4 + 5 + 2) * CROPS);
  assert.equal(labels.length, rows.length);
  assert.equal(new Set(rows).size, rows.length);
  assert.deepEqual(
    labels.slice(0, 3 * CROPS),
    [0, 1, 1].flatMap((b) => Array(CROPS).fill(b)),
  );
  assert.ok(labels.slice(3 * CROPS).every((l) => l === 2));
});

test('a smaller choice of negatives is the beginning of a larger one, and the seed’s', () => {
  const scenes = (count: number, seed: number): number[] =>
    trainingRows({ scenes: count, other: 0, generated: [] }, bank, 2, seed).rows.slice(3 * CROPS);
  assert.deepEqual(scenes(8, 1).slice(0, 3 * CROPS), scenes(3, 1));
  assert.notDeepEqual(scenes(8, 1), scenes(8, 2));
});

test('scores by hand; the unknown class is never named', () => {
  const logits = [1, 3, 9];
  assert.deepEqual(verdictOf(logits, 2, 'logit'), { score: 3, brand: 1 });
  const energy = verdictOf(logits, 2, 'energy');
  assert.ok(Math.abs(energy.score - Math.log(Math.exp(1) + Math.exp(3))) < 1e-12);
  const { score, brand } = verdictOf(logits, 2, 'probability');
  const p = Math.exp(3) / (Math.exp(1) + Math.exp(3) + Math.exp(9));
  assert.equal(brand, 1);
  assert.ok(Math.abs(score - Math.log(p / (1 - p))) < 1e-9);
});

test('probabilities that both round to 1 are still told apart', () => {
  const [a, b] = [verdictOf([90, 0], 2, 'probability'), verdictOf([80, 0], 2, 'probability')];
  assert.ok(a.score > b.score);
});

test('the recipes have names of their own, and mixtures add up', () => {
  const ids = recipes().map((r) => r.id);
  assert.equal(new Set(ids).size, ids.length);
  for (const n of [30, 100, 300, 1000]) {
    const { scenes, other } = mixture(n);
    assert.equal(scenes + other, n);
    assert.equal(other, n / 5);
  }
});
