import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuse } from '../../src/infer/fusion.js';

const BRANDS = [
  { label: 'acorn', logo: 0.5, look: 1, verify: 2, offset: -2, threshold: 0.5 },
  { label: 'birch', logo: 0.5, look: 1, verify: 2, offset: -2, threshold: 0.9 },
];
const CONTENT = { x: 0, y: 20, width: 200, height: 100 };
const place = (box: [number, number, number, number], look: number[], verify: number[]) => ({
  box,
  logo: 2,
  look: Float32Array.from(look),
  verify: Float32Array.from(verify),
});

test('evidence is the weighted sum; boxes are relative to the content; thresholds are a brand’s own', () => {
  const found = fuse([place([20, 30, 40, 50], [1, 1], [0.5, 0.5])], BRANDS, 1, CONTENT);
  assert.deepEqual(
    found.map((d) => d.label),
    ['acorn'],
  );
  const [d] = found;
  assert.equal(d!.llr, 1);
  assert.ok(Math.abs(d!.score - 1 / (1 + Math.exp(-1))) < 1e-12);
  assert.equal(d!.confident, true);
  assert.deepEqual(d!.box, [0.1, 0.1, 0.2, 0.5]);
});

test('prior odds lower the score and not the evidence', () => {
  const [d] = fuse([place([0, 20, 10, 10], [4, -9], [2, -9])], BRANDS, 0.01, CONTENT);
  assert.equal(d!.llr, 7);
  assert.ok(Math.abs(Math.log(d!.score / (1 - d!.score)) - (7 + Math.log(0.01))) < 1e-9);
});

test('overlapping places of a brand are one detection, apart ones two; `all` adds the rest', () => {
  const places = [
    place([0, 20, 50, 50], [3, -9], [1, -9]),
    place([4, 22, 50, 50], [2, -9], [1, -9]),
    place([120, 20, 50, 50], [2, -9], [1, -9]),
  ];
  const found = fuse(places, BRANDS, 1, CONTENT);
  assert.deepEqual(
    found.map((d) => d.llr),
    [4, 3],
  );
  const all = fuse(places, BRANDS, 1, CONTENT, { all: true });
  assert.deepEqual(
    all.map((d) => d.label),
    ['acorn', 'acorn', 'birch'],
  );
  assert.equal(all.at(-1)!.confident, false);
});

test('minScore replaces the thresholds, and says who is confident', () => {
  const found = fuse([place([0, 20, 10, 10], [1, 1], [0.5, 0.5])], BRANDS, 1, CONTENT, { minScore: 0.2 });
  assert.deepEqual(
    found.map((d) => d.confident),
    [true, false],
  );
});

test('at most twenty a picture; `all` holds for a brand that the limit cut off', () => {
  const places = Array.from({ length: 30 }, (_, i) =>
    place([i * 6, 20, 5, 5], [5, i === 0 ? 3 : -9], [1, -9 + (i === 0 ? 10 : 0)]),
  );
  const labels = (all: boolean) => fuse(places, BRANDS, 1, CONTENT, { all }).map((d) => d.label);
  assert.deepEqual(labels(false), Array(20).fill('acorn'));
  assert.deepEqual(labels(true), [...Array(20).fill('acorn'), 'birch']);
});
