import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookDistance, lookHash } from '../../src/mine/look-hash.js';
import { randomPicture } from '../infer/support.js';

const picture = (seed: number, change: (v: number) => number = (v) => v) => ({
  width: 160,
  height: 90,
  data: randomPicture(160, 90, seed).map(change),
});

test('a look keeps its hash under brightness and contrast, and differs from other looks', () => {
  const hash = lookHash(picture(1), [10, 10, 100, 60]);
  assert.deepEqual(lookHash(picture(1), [10, 10, 100, 60]), hash);
  assert.ok(
    lookDistance(
      hash,
      lookHash(
        picture(1, (v) => 30 + v * 0.6),
        [10, 10, 100, 60],
      ),
    ) <= 4,
  );
  assert.ok(lookDistance(hash, lookHash(picture(1), [11, 10, 100, 60])) <= 10);
  for (let seed = 2; seed < 8; seed++)
    assert.ok(lookDistance(hash, lookHash(picture(seed), [10, 10, 100, 60])) > 10);
});

test('all 64 bits count: a picture and its mirror differ in all of them', () => {
  const ramp = (left: boolean) => ({
    width: 90,
    height: 80,
    data: Uint8Array.from({ length: 90 * 80 * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % 90;
      return left ? 2 * x : 255 - 2 * x;
    }),
  });
  const [a, b] = [lookHash(ramp(true), [0, 0, 90, 80]), lookHash(ramp(false), [0, 0, 90, 80])];
  assert.deepEqual(a, [0xffffffff, 0xffffffff]);
  assert.deepEqual(b, [0, 0]);
  assert.equal(lookDistance(a, b), 64);
});

test('one colour has no edges, and a region may reach outside of the picture', () => {
  const grey = { width: 20, height: 20, data: new Uint8Array(1200).fill(77) };
  assert.deepEqual(lookHash(grey, [-5, -5, 40, 40]), [0, 0]);
});
