import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fprAt95, oscr, rightAbove, rocCurve, thresholdAt } from '../../../src/train/evaluate/open-set.js';
import { auroc, conformalThreshold } from '../../../src/train/metrics.js';
import { Rng } from '../../../src/train/rng.js';

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test('operating points by hand', () => {
  const logoFree = Array.from({ length: 200 }, (_, i) => i / 200);
  // One in a hundred, two pictures, may exceed it.
  assert.equal(thresholdAt(logoFree, 0.01), 197 / 200);
  assert.equal(thresholdAt(logoFree, 0.001), 199 / 200);
  assert.equal(thresholdAt([3, 1, 2], 0.01), 3);
  const known = [
    { score: 9, right: true },
    { score: 5, right: true },
    { score: 9, right: false },
    { score: 6, right: true },
  ];
  assert.equal(rightAbove(known, 5), 0.5);
  assert.equal(rightAbove(known, 9), 0);
});

test('FPR at 95 % TPR lets every twentieth positive go', () => {
  const positive = Array.from({ length: 20 }, (_, i) => 10 + i);
  assert.equal(fprAt95(positive, [9, 9, 10, 30]), 0.5);
  // The weakest of twenty is the 5 % quantile itself, and counts as found.
  assert.equal(fprAt95([...positive, 0], [5, 10]), 0.5);
});

test('OSCR by hand, with a tie', () => {
  const known = [
    { score: 4, right: true },
    { score: 3, right: false },
    { score: 2, right: true },
    { score: 1, right: true },
  ];
  // Right ones above each of the others: 4 beats both, 2 ties with one and beats the other, 1 beats none.
  near(oscr(known, [2, 1.5]), (1 + 0.75 + 0) / 4);
  assert.equal(oscr([{ score: 1, right: false }], [0]), 0);
});

test('OSCR is the area under its curve, and at most the share of right brands', () => {
  const rng = new Rng(4);
  const coarse = (shift: number): number => Math.round(4 * (rng.normal() + shift)) / 4;
  const known = Array.from({ length: 60 }, () => ({ score: coarse(1), right: rng.chance(0.8) }));
  const others = Array.from({ length: 80 }, () => coarse(0));
  const right = known.filter((k) => k.right).map((k) => k.score);
  const curve = rocCurve(right, others, known.length);
  let area = 0;
  curve.forEach((p, i) => {
    const before = curve[i - 1];
    if (before) area += ((p.trueRate + before.trueRate) / 2) * (p.falseRate - before.falseRate);
  });
  near(oscr(known, others), area);
  assert.ok(area <= right.length / known.length);
  const allRight = known.map((k) => ({ ...k, right: true }));
  near(
    oscr(allRight, others),
    auroc(
      known.map((k) => k.score),
      others,
    ),
  );
});

test('AUROC with ties: half for equals, and what it is of swapped lists', () => {
  const rng = new Rng(5);
  const draw = (shift: number): number[] => Array.from({ length: 50 }, () => rng.below(6) + shift);
  const [a, b] = [draw(1), draw(0)];
  let sum = 0;
  for (const x of a) for (const y of b) sum += x > y ? 1 : x === y ? 0.5 : 0;
  near(auroc(a, b), sum / 2500);
  near(auroc(a, b) + auroc(b, a), 1);
  assert.equal(auroc([7, 7], [7, 7]), 0.5);
});

test('the ROC curve rises from no false pictures to all of them', () => {
  const curve = rocCurve([5, 3, 1], [4, 2, 2], 4);
  assert.deepEqual(
    curve.map((p) => [p.falseRate, p.trueRate]),
    [
      [0, 0.25],
      [1 / 3, 0.25],
      [1, 0.5],
    ],
  );
});

test('a conformal threshold lets through no more than it says, averaged over samples', () => {
  const rng = new Rng(6);
  const uniform = (): number => rng.uniform(0.1, 0.9);
  let [passed, shown] = [0, 0];
  for (let repeat = 0; repeat < 200; repeat++) {
    const seen = Array.from({ length: 99 }, uniform).sort((a, b) => a - b);
    const threshold = conformalThreshold(seen, 0.05);
    const fresh = Array.from({ length: 50 }, uniform);
    passed += fresh.filter((v) => v >= threshold).length;
    shown += fresh.length;
  }
  // Exactly 5 % on average; 10,000 draws in 200 groups spread by about 0.2 %.
  assert.ok(passed / shown < 0.057, `${passed / shown}`);
  assert.ok(passed / shown > 0.042, `${passed / shown}`);
});
