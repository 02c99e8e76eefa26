import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../src/core/geometry.js';
import type { BrandCalibration } from '../../src/infer/manifest.js';
import { candidateLogit, type HeldOutFrame } from '../../src/train/held-out.js';

const BOX: Box = [10, 10, 40, 40];
const brand: BrandCalibration = { label: 'acme', logo: 0, look: 0, verify: 1, offset: 0, threshold: 0.5 };

/** A frame with one logo and one place on it. */
function frame(first: number, second: number, extra: { box?: Box; window?: boolean } = {}): HeldOutFrame {
  const place = {
    box: BOX,
    logo: 0,
    look: Float32Array.of(first),
    verify: Float32Array.of(second),
    ...extra,
  };
  const target = { brand: 0, box: BOX, ignore: false };
  return { frame: { targets: [target] }, places: [place] };
}

const known = (first: number) => frame(first, 20);
const unknown = (first: number) => frame(first, -20);

test('places that the second look does not recognise set no floor', () => {
  const frames = [...Array.from({ length: 20 }, (_, i) => known(-3 + i / 10)), unknown(-7), unknown(-7.5)];
  assert.ok(Math.abs(candidateLogit(frames, [brand]) - -3) < 0.1);
});

test('neither do windows, nor places beside the logo', () => {
  const beside: Box = [200, 200, 40, 40];
  const frames = [
    ...Array.from({ length: 20 }, () => known(-2)),
    frame(-7, 20, { window: true }),
    frame(-7, 20, { box: beside }),
  ];
  assert.equal(candidateLogit(frames, [brand]), -2);
});

test('of several places on one logo the best one counts', () => {
  const two = known(-2);
  const frames = Array.from({ length: 20 }, () => ({ ...two, places: [...known(-6).places, ...two.places] }));
  assert.equal(candidateLogit(frames, [brand]), -2);
});

test('where hardly anything is recognised all places on logos tell it, and without any it is as low as can be', () => {
  assert.equal(candidateLogit([known(-2), unknown(-6)], [brand]), -6);
  assert.equal(candidateLogit([], [brand]), -8);
});

test('it stays within bounds', () => {
  const at = (first: number) => Array.from({ length: 20 }, () => known(first));
  assert.deepEqual([candidateLogit(at(-30), [brand]), candidateLogit(at(9), [brand])], [-8, -1]);
});
