import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Homography, invertHomography } from '../../src/core/homography.js';

const apply = (m: Homography, x: number, y: number) => {
  const w = m[6] * x + m[7] * y + m[8];
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w] as const;
};

it('a homography and its inverse give each point back', () => {
  const m: Homography = [120, 14, 300, -9, 80, 90, 0.2, -0.1, 1];
  const inverse = invertHomography(m);
  for (const [x, y] of [
    [0, 0],
    [1, 0],
    [0.3, 0.8],
    [-2, 5],
  ] as const) {
    const [u, v] = apply(inverse, ...apply(m, x, y));
    assert.ok(Math.abs(u - x) < 1e-9 && Math.abs(v - y) < 1e-9);
  }
});
