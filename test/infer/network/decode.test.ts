import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeatureMap } from '../../../src/infer/engines/engine.js';
import { HeadDecoder } from '../../../src/infer/network/decode.js';
import { brands } from '../support.js';

const WIDTH = 128;
const HEIGHT = 64;
const FULL = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

/** Maps on which nothing is: two brands, logits of -8, boxes of two strides. */
function emptyMaps(count = 1): Map<string, FeatureMap> {
  const maps = new Map<string, FeatureMap>();
  for (const stride of [8, 16]) {
    const [height, width, channels] = [HEIGHT / stride, WIDTH / stride, 6];
    const data = new Float32Array(count * height * width * channels);
    for (let i = 0; i < data.length; i++) data[i] = i % channels < 2 ? -8 : 0;
    maps.set(`head${stride}`, { data, count, height, width, channels });
  }
  return maps;
}

interface Mark {
  readonly stride: 8 | 16;
  readonly row: number;
  readonly column: number;
  readonly brand: number;
  readonly logit: number;
  /** Pixels from the centre: left, top, right, bottom. */
  readonly distances?: readonly [number, number, number, number];
  readonly image?: number;
}

function put(maps: Map<string, FeatureMap>, mark: Mark): void {
  const { stride, row, column, brand, logit, distances, image = 0 } = mark;
  const { data, height, width, channels } = maps.get(`head${stride}`)!;
  const at = ((image * height + row) * width + column) * channels;
  data[at + brand] = logit;
  distances?.forEach((d, side) => {
    data[at + 2 + side] = Math.log(d / stride);
  });
}

const near = (actual: readonly number[], expected: readonly number[]) =>
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-5, `${actual} is not ${expected}`);
  });

test('a cell above the threshold is a detection, with the box that its channels say', () => {
  const maps = emptyMaps();
  put(maps, { stride: 8, row: 3, column: 5, brand: 1, logit: 2, distances: [12, 4, 20, 8] });
  const found = new HeadDecoder(brands('acorn', 'birch'), 1).decode(maps, 0, FULL);
  assert.equal(found.length, 1);
  assert.equal(found[0]!.label, 'birch');
  assert.equal(found[0]!.llr, 2);
  near([found[0]!.score], [1 / (1 + Math.exp(-2))]);
  // The centre is (44, 28).
  near(found[0]!.box, [32 / WIDTH, 24 / HEIGHT, 32 / WIDTH, 12 / HEIGHT]);
});

test('calibration: llr from the logit, score with the prior odds, threshold on the score', () => {
  const maps = emptyMaps();
  put(maps, { stride: 16, row: 1, column: 1, brand: 0, logit: 3 });
  const brand = { label: 'acorn', slope: 0.5, offset: 1, threshold: 0.2 };
  const decode = (threshold: number) => new HeadDecoder([{ ...brand, threshold }], 0.1).decode(maps, 0, FULL);
  const score = 1 / (1 + Math.exp(-(2.5 + Math.log(0.1))));
  assert.equal(decode(score - 1e-6).length, 1);
  assert.equal(decode(score + 1e-6).length, 0);
  near([decode(0.2)[0]!.score, decode(0.2)[0]!.llr], [score, 2.5]);
});

test('non-maximum suppression is by brand and over both strides; scores descend', () => {
  const maps = emptyMaps();
  put(maps, { stride: 8, row: 3, column: 5, brand: 0, logit: 2, distances: [16, 16, 16, 16] });
  put(maps, { stride: 8, row: 3, column: 4, brand: 0, logit: 1, distances: [16, 16, 16, 16] });
  put(maps, { stride: 16, row: 1, column: 2, brand: 0, logit: 3, distances: [16, 16, 16, 16] });
  put(maps, { stride: 8, row: 3, column: 4, brand: 1, logit: 4, distances: [16, 16, 16, 16] });
  put(maps, { stride: 8, row: 6, column: 14, brand: 0, logit: 1, distances: [6, 6, 6, 6] });
  const found = new HeadDecoder(brands('acorn', 'birch'), 1).decode(maps, 0, FULL);
  assert.deepEqual(
    found.map((d) => [d.label, d.llr]),
    [
      ['birch', 4],
      ['acorn', 3],
      ['acorn', 1],
    ],
  );
});

test('boxes are relative to the content, cut at its edges; the letterbox holds nothing', () => {
  const maps = emptyMaps();
  const content = { x: 0, y: 16, width: 128, height: 32 };
  put(maps, { stride: 8, row: 2, column: 0, brand: 0, logit: 2, distances: [30, 30, 12, 12] });
  put(maps, { stride: 8, row: 0, column: 8, brand: 0, logit: 9 });
  put(maps, { stride: 8, row: 7, column: 8, brand: 1, logit: 9 });
  const found = new HeadDecoder(brands('acorn', 'birch'), 1).decode(maps, 0, content, { all: true });
  assert.deepEqual(
    found.map((d) => [d.label, d.llr]),
    [
      ['acorn', 2],
      ['birch', -8],
    ],
  );
  near(found[0]!.box, [0, 0, 16 / 128, 16 / 32]);
});

test('all adds the best of each brand that is not found; minScore lowers the bar', () => {
  const maps = emptyMaps();
  put(maps, { stride: 8, row: 3, column: 5, brand: 0, logit: 2 });
  put(maps, { stride: 8, row: 5, column: 9, brand: 1, logit: -1 });
  const decoder = new HeadDecoder(brands('acorn', 'birch'), 1);
  const labels = (options: object) => decoder.decode(maps, 0, FULL, options).map((d) => [d.label, d.llr]);
  assert.deepEqual(labels({}), [['acorn', 2]]);
  assert.deepEqual(labels({ all: true }), [
    ['acorn', 2],
    ['birch', -1],
  ]);
  assert.deepEqual(labels({ minScore: 0.1 }), [
    ['acorn', 2],
    ['birch', -1],
  ]);
  assert.deepEqual(labels({ minScore: 0.9 }), []);
  assert.deepEqual(labels({ minScore: 0.9, all: true }), [
    ['acorn', 2],
    ['birch', -1],
  ]);
});

test('at most twenty a picture, each picture of a batch for itself', () => {
  const maps = emptyMaps(2);
  for (let i = 0; i < 60; i++) {
    const [row, column] = [i % 8, Math.floor(i / 8) * 2];
    put(maps, {
      stride: 8,
      row,
      column,
      brand: i % 2,
      logit: 1 + i / 100,
      distances: [3, 3, 3, 3],
      image: 1,
    });
  }
  const decoder = new HeadDecoder(brands('acorn', 'birch'), 1);
  const found = decoder.decode(maps, 1, FULL);
  assert.equal(found.length, 20);
  assert.equal(found[0]!.llr, Math.fround(1.59));
  assert.deepEqual(decoder.decode(maps, 0, FULL), []);
});

test('all holds for a brand that the limit cut off', () => {
  const maps = emptyMaps();
  for (let i = 0; i < 30; i++)
    put(maps, {
      stride: 8,
      row: i % 8,
      column: Math.floor(i / 8) * 2,
      brand: 0,
      logit: 3,
      distances: [3, 3, 3, 3],
    });
  put(maps, { stride: 8, row: 4, column: 15, brand: 1, logit: 2, distances: [3, 3, 3, 3] });
  const decoder = new HeadDecoder(brands('acorn', 'birch'), 1);
  const labels = (all: boolean) => decoder.decode(maps, 0, FULL, { all }).map((d) => d.label);
  assert.deepEqual(labels(false), Array(20).fill('acorn'));
  assert.deepEqual(labels(true), [...Array(20).fill('acorn'), 'birch']);
});

test('an absurd box is cut, not infinite', () => {
  const maps = emptyMaps();
  put(maps, { stride: 8, row: 3, column: 5, brand: 0, logit: 2, distances: [1e30, 1e30, 1e30, 1e30] });
  near(new HeadDecoder(brands('acorn', 'birch'), 1).decode(maps, 0, FULL)[0]!.box, [0, 0, 1, 1]);
});
