import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iou } from '../../../src/core/geometry.js';
import { focal, giouLoss } from '../../../src/train/head/loss.js';

test('the focal gradient is the slope of the focal loss', () => {
  for (const positive of [true, false])
    for (const z of [-20, -4.6, -1, 0, 0.7, 3, 20]) {
      const slope = (focal(z + 1e-4, positive).loss - focal(z - 1e-4, positive).loss) / 2e-4;
      assert.ok(Math.abs(slope - focal(z, positive).gradient) < 1e-5, `${positive} ${z}`);
    }
  assert.ok(focal(-60, true).loss > 50 && Number.isFinite(focal(-1000, true).gradient));
});

test('the GIoU gradient is the slope of the loss, which is 1 - IoU for nested boxes', () => {
  const truth = [2, 1.5, 3, 2.5] as const;
  const raw = Float32Array.from([0.2, 0.9, 0.4, -0.3]);
  const gradient = new Float32Array(4);
  giouLoss(raw, 0, truth, gradient, 1);
  for (let i = 0; i < 4; i++) {
    const at = (v: number): number =>
      giouLoss(
        raw.map((x, k) => (k === i ? x + v : x)),
        0,
        truth,
        new Float32Array(4),
        1,
      );
    assert.ok(Math.abs((at(1e-3) - at(-1e-3)) / 2e-3 - gradient[i]!) < 1e-3, `side ${i}`);
  }
  const nested = Float32Array.from([1, 1, 1, 1], (v) => Math.log(v));
  const loss = giouLoss(nested, 0, [2, 2, 2, 2], new Float32Array(4), 1);
  assert.ok(Math.abs(loss - (1 - iou([-1, -1, 2, 2], [-2, -2, 4, 4]))) < 1e-6);
});
