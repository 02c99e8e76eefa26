import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DenseHead, type DenseOptions, softmax } from '../../../bench/study/dense.js';
import { Rng } from '../../../src/train/rng.js';

const COLUMNS = 6;

/** Clusters around points of a space of six dimensions, `each` rows a cluster. */
function clusters(centres: readonly number[][], each: number, seed: number) {
  const rng = new Rng(seed);
  const values = centres.flatMap((centre) =>
    Array.from({ length: each }, () => centre.map((c) => 5 * c + 3 + 0.3 * rng.normal())).flat(),
  );
  const rows = Array.from({ length: centres.length * each }, (_, i) => i);
  return {
    x: { data: Float32Array.from(values), columns: COLUMNS },
    rows,
    labels: rows.map((r) => Math.floor(r / each)),
  };
}

const options = (more: Partial<DenseOptions>): DenseOptions => ({
  outputs: 3,
  hidden: 0,
  loss: 'softmax',
  epochs: 60,
  seed: 1,
  ...more,
});
const centres = [
  [1, 0, 0, 0, 0, 0],
  [0, 1, 0, 0, 0, 0],
  [0, 0, 1, 0, 0, 0],
];
const top = (logits: ArrayLike<number>): number =>
  Array.from(logits).indexOf(Math.max(...Array.from(logits)));

test('a linear head learns clusters that a plane parts', async () => {
  const train = clusters(centres, 40, 1);
  const head = await DenseHead.train(train.x, train.rows, train.labels, options({}));
  const fresh = clusters(centres, 10, 2);
  assert.deepEqual(
    fresh.rows.map((r) => top(head.logits(fresh.x, r))),
    fresh.labels,
  );
});

test('a hidden layer learns what no plane parts', async () => {
  const { x, rows, labels } = clusters(
    [
      [1, 1, 0, 0, 0, 0],
      [-1, -1, 0, 0, 0, 0],
      [1, -1, 0, 0, 0, 0],
      [-1, 1, 0, 0, 0, 0],
    ],
    40,
    3,
  );
  const either = labels.map((l) => (l < 2 ? 0 : 1));
  const right = async (hidden: number): Promise<number> => {
    const head = await DenseHead.train(x, rows, either, options({ outputs: 2, hidden, epochs: 400 }));
    return rows.filter((r) => top(head.logits(x, r)) === either[r]).length / rows.length;
  };
  assert.ok((await right(0)) < 0.8);
  assert.ok((await right(16)) > 0.98);
});

test('sigmoids with all-zero labels say no to them, and to no other', async () => {
  const { x, rows, labels } = clusters(centres, 40, 4);
  const targets = labels.map((l) => (l === 2 ? -1 : l));
  const head = await DenseHead.train(x, rows, targets, options({ outputs: 2, loss: 'sigmoid', epochs: 400 }));
  rows.forEach((r, i) => {
    const positive = Array.from(head.logits(x, r)).map((z) => z > 0);
    assert.deepEqual(positive, [targets[i] === 0, targets[i] === 1]);
  });
});

test('one seed, one head', async () => {
  const { x, rows, labels } = clusters(centres, 10, 5);
  const logits = async (seed: number): Promise<Float64Array> =>
    (await DenseHead.train(x, rows, labels, options({ epochs: 3, seed }))).logits(x, 0);
  assert.deepEqual(await logits(1), await logits(1));
  assert.notDeepEqual(await logits(1), await logits(2));
});

test('softmax survives large logits', () => {
  assert.deepEqual(Array.from(softmax([1000, 1000])), [0.5, 0.5]);
});
