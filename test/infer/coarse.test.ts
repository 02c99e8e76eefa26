import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candidate } from '../../src/infer/network/candidates.js';
import { isReducible, reduced, withCoarse } from '../../src/infer/network/coarse.js';

const content = { x: 0, y: 0, width: 640, height: 360 };

function candidate(box: Candidate['box'], logo: number): Candidate {
  return { box, logo, best: 0, logits: new Float32Array(1) };
}

test('a pixel of the reduced picture is the mean of what it covers', () => {
  const [width, height] = [10, 5];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([20 * x, 40 * y, 100], (y * width + x) * 3);
  const small = reduced({ width, height, content: { x: 5, y: 0, width: 5, height: 5 }, data });
  assert.deepEqual([small.width, small.height, small.content], [4, 2, { x: 2, y: 0, width: 2, height: 2 }]);
  // Columns 0, 1 and half of 2: (0 + 20 + 40 / 2) / 2.5; then the other half of 2, 3 and 4; and so on.
  const row = (y: number) =>
    Array.from({ length: 4 }, (_, x) => [...small.data.subarray((y * 4 + x) * 3, (y * 4 + x) * 3 + 3)]);
  const red = [16, 64, 116, 164];
  assert.deepEqual(
    row(0),
    red.map((r) => [r, 32, 100]),
  );
  assert.deepEqual(
    row(1),
    red.map((r) => [r, 128, 100]),
  );
});

test('a picture of one colour keeps it', () => {
  const small = reduced({ width: 640, height: 360, content, data: new Uint8Array(640 * 360 * 3).fill(201) });
  assert.deepEqual([small.width, small.height, small.data.every((v) => v === 201)], [256, 144, true]);
});

test('sides that five does not divide are not reduced', () => {
  assert.equal(isReducible({ width: 640, height: 360 }), true);
  assert.equal(isReducible({ width: 160, height: 96 }), false);
});

test('only large places are taken over, in pixels of the picture; of two at one place the likelier stays', () => {
  const fine = [candidate([100, 100, 300, 180], 1), candidate([500, 10, 60, 40], 2)];
  const narrow = candidate([0, 0, 100, 50], 9);
  const far = candidate([0, 40, 120, 100], 3);
  const same = candidate([40, 40, 120, 72], 5);
  const kept = withCoarse(fine, [narrow, far, same], content);
  assert.deepEqual(
    kept.map(({ box, logo }) => [box.map(Math.round), logo]),
    [
      [[100, 100, 300, 180], 5],
      [[500, 10, 60, 40], 2],
      [[0, 100, 300, 250], 3],
    ],
  );
  const weaker = withCoarse(fine, [candidate([40, 40, 120, 72], 0)], content);
  assert.deepEqual(weaker, fine);
  assert.deepEqual(
    kept.map(({ coarse = false }) => coarse),
    [true, false, true],
  );
});
