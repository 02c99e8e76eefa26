import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBoxes } from '../../../src/infer/foreign/boxes.js';

const INPUT = { width: 100, height: 50 };
const tensor = (dims: number[], data: number[]) => ({ dims, data });

test('YOLOv5 and v8 rows become boxes with a score a class', () => {
  // One strong box of the second class, one too weak.
  const v5 = tensor([1, 2, 7], [30, 20, 10, 8, 0.5, 0.1, 0.8, 60, 20, 10, 8, 0.0001, 0.9, 0.9]);
  const [box, ...rest] = decodeBoxes([v5], 'yolov5', 2, INPUT);
  assert.deepEqual(rest, []);
  assert.deepEqual(box?.box, [25, 16, 10, 8]);
  assert.ok(Math.abs(box.scores[1]! - 0.4) < 1e-6 && Math.abs(box.scores[0]! - 0.05) < 1e-6);
  const v8 = tensor([1, 6, 2], [30, 60, 20, 20, 10, 10, 8, 8, 0.1, 0, 0.8, 0]);
  const found = decodeBoxes([v8], 'yolov8', 2, INPUT);
  assert.equal(found.length, 1);
  assert.deepEqual(found[0]?.box, [25, 16, 10, 8]);
  assert.ok(Math.abs(found[0].best - 0.8) < 1e-6);
  assert.throws(() => decodeBoxes([v8], 'yolov8', 3, INPUT), { code: 'model-incompatible' });
});

test('triples: torchvision in pixels, the Object Detection API in shares with y first', () => {
  const torch = [tensor([2, 4], [25, 16, 35, 24, 0, 0, 5, 5]), tensor([2], [2, 9]), tensor([2], [0.8, 0.7])];
  const [box, ...rest] = decodeBoxes(torch, 'boxes', 2, INPUT);
  assert.deepEqual(rest, [], 'a label beyond the classes is left out');
  assert.deepEqual(box?.box, [25, 16, 10, 8]);
  assert.deepEqual(
    [...box.scores].map((v) => Number(v.toFixed(3))),
    [0, 0.8],
  );
  const api = [
    tensor([1, 1, 4], [0.32, 0.25, 0.48, 0.35]),
    tensor([1, 1], [2]),
    tensor([1], [1]),
    tensor([1, 1], [0.8]),
  ];
  const [share, ...others] = decodeBoxes(api, 'boxes', 2, INPUT);
  assert.deepEqual(others, [], 'a count of the boxes beside them is no label');
  assert.deepEqual(
    share?.box.map((v) => Math.round(v * 1000) / 1000),
    [25, 16, 10, 8],
  );
});
