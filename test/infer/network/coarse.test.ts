import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../../src/core/geometry.js';
import type { Candidate } from '../../../src/infer/network/candidates.js';
import { reduced, withCoarse } from '../../../src/infer/network/coarse.js';

const content = { x: 0, y: 0, width: 640, height: 360 };

test('a reduced picture holds the mean of what each of its pixels covers', () => {
  const [width, height] = [20, 10];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 73 + (i >> 5) * 29) % 256);
  const small = reduced({ width, height, content: { x: 5, y: 0, width: 10, height: 10 }, data });
  assert.deepEqual([small.width, small.height], [8, 4]);
  assert.deepEqual(small.content, { x: 2, y: 0, width: 4, height: 4 });
  // Each pixel in 2 x 2, so that five halves are five whole ones.
  const at = (x: number, y: number, c: number) => data[((y >> 1) * width + (x >> 1)) * 3 + c]!;
  for (let y = 0; y < 4; y++)
    for (let x = 0; x < 8; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let j = 0; j < 5; j++) for (let i = 0; i < 5; i++) sum += at(5 * x + i, 5 * y + j, c);
        assert.equal(small.data[(y * 8 + x) * 3 + c], Math.floor(sum / 25 + 0.5), `${x} ${y} ${c}`);
      }
});

test('sides that are no multiples of five are refused', () => {
  const data = new Uint8Array(12 * 10 * 3);
  assert.throws(() => reduced({ width: 12, height: 10, content, data }), RangeError);
});

const candidate = (box: Box, best: number): Candidate => ({
  box,
  logo: 0,
  best,
  logits: Float32Array.of(best),
});

test('large places are added in the picture’s own pixels, small ones are left to the picture', () => {
  const found = withCoarse([], [candidate([40, 40, 160, 80], 1), candidate([10, 10, 40, 20], 5)], content);
  assert.deepEqual(
    found.map((c) => c.box),
    [[100, 100, 400, 200]],
  );
});

test('of two at one place the likelier stays', () => {
  const fine = [candidate([100, 100, 400, 200], 1), candidate([0, 0, 50, 50], 3)];
  for (const [best, kept] of [
    [2, 2],
    [0, 1],
  ] as const) {
    const found = withCoarse(fine, [candidate([40, 40, 160, 80], best)], content);
    assert.deepEqual(
      found.map((c) => c.best),
      [kept, 3],
    );
  }
});
