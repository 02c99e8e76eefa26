import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../../src/core/geometry.js';
import {
  averagePrecision,
  type BoxedAnswer,
  meanAveragePrecision,
  precisionCurve,
  rankDetections,
} from '../../../src/train/evaluate/average-precision.js';

const here: Box = [0, 0, 10, 10];
const there: Box = [50, 50, 10, 10];
const elsewhere: Box = [80, 0, 10, 10];
const found = (score: number, box: Box, label = 'a') => ({ label, score, box });
const ap = (pictures: BoxedAnswer[], label = 'a'): number =>
  averagePrecision(rankDetections(pictures, label));
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test('AP of small lists by hand', () => {
  const truth = [
    { label: 'a', box: here },
    { label: 'a', box: there },
  ];
  near(ap([{ truth, detections: [found(0.9, here), found(0.8, there)] }]), 1);
  // Hit, false, hit: half of the area at precision 1, half at 2/3.
  near(ap([{ truth, detections: [found(0.9, here), found(0.8, elsewhere), found(0.7, there)] }]), 5 / 6);
  // False first: precision 1/2 up to recall 1/2, then nothing more is found.
  near(ap([{ truth, detections: [found(0.9, elsewhere), found(0.8, here)] }]), 0.25);
  assert.equal(ap([{ truth, detections: [] }]), 0);
  assert.ok(Number.isNaN(ap([{ truth: [], detections: [found(0.9, here)] }])));
});

test('a box is found once, by the detection that overlaps it most, from an IoU of one half', () => {
  const truth = [{ label: 'a', box: here }];
  const twice = [{ truth, detections: [found(0.9, here), found(0.8, [0, 0, 10, 9])] }];
  assert.deepEqual(
    rankDetections(twice, 'a').ranked.map((r) => r.hit),
    [true, false],
  );
  near(ap(twice), 1);
  assert.equal(ap([{ truth, detections: [found(0.9, [0, 0, 10, 5])] }]), 1);
  assert.equal(ap([{ truth, detections: [found(0.9, [0, 0, 10, 4.9])] }]), 0);
  assert.equal(ap([{ truth, detections: [found(0.9, here, 'b')] }]), 0);
});

test('false alarms in logo-free pictures cost precision', () => {
  const logo = { truth: [{ label: 'a', box: here }], detections: [found(0.5, here)] };
  const silent = { truth: [], detections: [found(0.9, there)] };
  near(ap([logo]), 1);
  near(ap([logo, silent]), 0.5);
  near(ap([logo, { truth: [], detections: [found(0.1, there)] }]), 1);
});

test('equal scores enter together, whatever their order', () => {
  const logo = { truth: [{ label: 'a', box: here }], detections: [found(0.5, here)] };
  const silent = { truth: [], detections: [found(0.5, there)] };
  near(ap([logo, silent]), 0.5);
  near(ap([silent, logo]), 0.5);
  const ranking = rankDetections([logo, silent], 'a');
  assert.deepEqual(precisionCurve(ranking), [{ recall: 1, precision: 0.5, score: 0.5 }]);
});

test('the mean leaves out brands without a box, and weights are as good as copies', () => {
  const pictures: BoxedAnswer[] = [
    { truth: [{ label: 'a', box: here }], detections: [found(0.9, here), found(0.4, there, 'b')] },
    { truth: [{ label: 'a', box: there }], detections: [found(0.6, there)] },
    { truth: [], detections: [found(0.7, there)] },
  ];
  const rankings = ['a', 'b'].map((label) => rankDetections(pictures, label));
  near(meanAveragePrecision(rankings), ap(pictures));
  const copies = [pictures[0]!, pictures[1]!, pictures[1]!, pictures[2]!, pictures[2]!, pictures[2]!];
  near(averagePrecision(rankings[0]!, Float64Array.of(1, 2, 3)), ap(copies));
  assert.ok(Number.isNaN(averagePrecision(rankings[0]!, Float64Array.of(0, 0, 1))));
});
