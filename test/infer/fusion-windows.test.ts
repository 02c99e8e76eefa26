import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../src/core/geometry.js';
import { evidence, evidences, fuse, type VerifiedCandidate } from '../../src/infer/fusion.js';
import { windowBoxes } from '../../src/infer/network/windows.js';
import { brands } from './support.js';

const CONTENT = { x: 0, y: 0, width: 100, height: 50 };
const at = (box: Box, logit: number, window = false): VerifiedCandidate => ({
  box,
  window,
  logo: logit,
  look: Float32Array.of(logit),
  verify: Float32Array.of(logit),
});

test('a window over a place of the same brand is that place, with the better score', () => {
  const candidates = [at([40, 20, 10, 10], 8), at([20, 10, 60, 30], 40, true), at([0, 0, 10, 10], 7)];
  const found = fuse(candidates, brands('a'), 0.01, CONTENT);
  assert.deepEqual(
    found.map((d) => d.box),
    [
      [0.4, 0.4, 0.1, 0.2],
      [0, 0, 0.1, 0.2],
    ],
  );
  assert.equal(found[0]!.llr, 20.5);
});

test('a window alone is reported, and windows over one another once', () => {
  const windows = [at([20, 10, 60, 30], 12, true), at([30, 10, 60, 30], 11, true)];
  const found = fuse(windows, brands('a'), 0.01, CONTENT);
  assert.deepEqual(
    found.map((d) => d.llr),
    [6.5],
  );
});

test('windows are the whole picture and nine parts of its content', () => {
  const boxes = windowBoxes({ x: 10, y: 0, width: 100, height: 50 });
  assert.equal(boxes.length, 10);
  assert.deepEqual(
    boxes[0]!.map((v) => Math.round(v * 1e6) / 1e6),
    [20, 5, 80, 40],
  );
  assert.ok(boxes.every(([x, y, w, h]) => x >= 10 && y >= 0 && x + w <= 110 && y + h <= 50));
});

test('in a thorough look a mark’s evidence is the mean of the two best looks at it', () => {
  const [brand] = brands('a');
  const candidates = [
    at([10, 10, 10, 10], 8),
    at([11, 10, 10, 10], 2),
    at([9, 9, 10, 10], 4),
    at([60, 10, 10, 10], 5),
  ];
  const alone = evidences(candidates, brand!, 0);
  const mean = (i: number, j: number): number => (alone[i]! + alone[j]!) / 2;
  assert.deepEqual(evidences(candidates, brand!, 0, { thorough: true }), [
    mean(0, 2),
    mean(1, 0),
    mean(2, 0),
    alone[3],
  ]);
});

test('a window counts by its second look alone: the cell at its centre speaks for something else', () => {
  const [brand] = brands('a');
  const seen = { box: [0, 0, 50, 50] as Box, window: true, verify: Float32Array.of(3) };
  const windows = [-9, 9].map((logit) => ({ ...seen, logo: logit, look: Float32Array.of(logit) }));
  const [low, high] = evidences(windows, brand!, 0);
  assert.equal(low, high);
});

test('a network that looked at the window itself is believed there too', () => {
  const [brand] = brands('a');
  const window = { ...at([0, 0, 50, 50], 3, true), ownLook: true };
  assert.equal(evidences([window], brand!, 0)[0], evidence(brand!, 0, window));
});
