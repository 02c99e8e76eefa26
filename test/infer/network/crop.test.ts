import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropRegion, sampleCrop } from '../../../src/infer/network/crop.js';
import { CROP_PX } from '../../../src/infer/network.js';

/** Red grows with x, green with y, blue is a fine checkerboard. */
function ramp(width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([x, y, 255 * ((x + y) % 2)], (y * width + x) * 3);
  return data;
}
const at = (out: Uint8Array, x: number, y: number) => [
  ...out.subarray((y * CROP_PX + x) * 3, (y * CROP_PX + x) * 3 + 3),
];

test('a region is the box with a margin; long boxes get a higher one', () => {
  assert.deepEqual(cropRegion([10, 20, 40, 40]), [5, 15, 50, 50]);
  const [, y, w, h] = cropRegion([0, 100, 200, 10]);
  assert.ok(Math.abs(w / h - 2.5) < 1e-9);
  assert.ok(Math.abs(y + h / 2 - 105) < 1e-9);
});

test('a region of the crop’s own size is copied pixel by pixel', () => {
  const [width, height] = [200, 150];
  const out = new Uint8Array(CROP_PX * CROP_PX * 3);
  const source = { width, height, data: ramp(width, height), content: { x: 0, y: 0, width, height } };
  sampleCrop(source, [30, 20, CROP_PX, CROP_PX], out);
  assert.deepEqual(at(out, 0, 0), [30, 20, 0]);
  assert.deepEqual(at(out, 95, 95), [125, 115, 0]);
});

test('a reduced region is averaged, so that a checkerboard becomes grey', () => {
  const [width, height] = [250, 250];
  const out = new Uint8Array(CROP_PX * CROP_PX * 3);
  const source = { width, height, data: ramp(width, height), content: { x: 0, y: 0, width, height } };
  sampleCrop(source, [2, 2, 2 * CROP_PX, 2 * CROP_PX], out);
  for (const [x, y] of [
    [10, 10],
    [50, 81],
  ] as const) {
    const [r, g, b] = at(out, x, y) as [number, number, number];
    assert.ok(Math.abs(r - (2 + 2 * x + 0.5)) <= 1 && Math.abs(g - (2 + 2 * y + 0.5)) <= 1);
    assert.ok(Math.abs(b - 127.5) < 2, `${b}`);
  }
});

test('what lies outside the content repeats its edge', () => {
  const [width, height] = [100, 100];
  const out = new Uint8Array(CROP_PX * CROP_PX * 3);
  const content = { x: 10, y: 20, width: 80, height: 60 };
  sampleCrop({ width, height, data: ramp(width, height), content }, [-200, 30, CROP_PX, CROP_PX], out);
  assert.equal(at(out, 3, 0)[0], 10);
  assert.equal(at(out, 3, 90)[1], 79);
});
