import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../src/core/geometry.js';
import { fuse, type VerifiedCandidate } from '../../src/infer/fusion.js';
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
  const candidates = [at([40, 20, 10, 10], 8), at([20, 10, 60, 30], 12, true), at([0, 0, 10, 10], 7)];
  const found = fuse(candidates, brands('a'), 0.01, CONTENT);
  assert.deepEqual(
    found.map((d) => d.box),
    [
      [0.4, 0.4, 0.1, 0.2],
      [0, 0, 0.1, 0.2],
    ],
  );
  assert.equal(found[0]!.llr, 18);
});

test('a window alone is reported, and windows over one another once', () => {
  const windows = [at([20, 10, 60, 30], 12, true), at([30, 10, 60, 30], 11, true)];
  const found = fuse(windows, brands('a'), 0.01, CONTENT);
  assert.deepEqual(
    found.map((d) => d.llr),
    [18],
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
