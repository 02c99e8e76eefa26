import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeatureMap, FeatureMaps } from '../../../src/infer/engines/engine.js';
import { findCandidates } from '../../../src/infer/network/candidates.js';
import { brandLayer, HEAD_STRIDES, PLACE_CHANNELS, placeLayer } from '../../../src/infer/network.js';

const [WIDTH, HEIGHT] = [128, 64];
const WHOLE = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

/** Enough to be looked at, not enough to count for itself. */
const LOGO = -3;

/** Two brands, nothing anywhere. */
function emptyMaps(): Map<string, FeatureMap> {
  const maps = new Map<string, FeatureMap>();
  for (const stride of HEAD_STRIDES) {
    const [height, width] = [HEIGHT / stride, WIDTH / stride];
    const map = (channels: number): FeatureMap => ({
      data: new Float32Array(height * width * channels).fill(-9),
      count: 1,
      height,
      width,
      channels,
    });
    maps.set(brandLayer(stride), map(2));
    maps.set(placeLayer(stride), map(PLACE_CHANNELS));
  }
  return maps;
}

/** Sets a brand's logit at a cell, and distances there in pixels. */
function put(
  maps: FeatureMaps,
  stride: number,
  [row, column]: [number, number],
  brand: number,
  logit: number,
  distancesPx: [number, number, number, number],
): void {
  const brands = maps.get(brandLayer(stride))!;
  const cell = row * brands.width + column;
  brands.data[cell * 2 + brand] = logit;
  maps.get(placeLayer(stride))!.data[cell * PLACE_CHANNELS] = LOGO;
  distancesPx.forEach((d, i) => {
    maps.get(placeLayer(stride))!.data[cell * PLACE_CHANNELS + 1 + i] = Math.log(d / stride);
  });
}

test('a cell becomes a place with its box in pixels and all brands’ logits', () => {
  const maps = emptyMaps();
  put(maps, 16, [1, 2], 1, 3, [10, 6, 20, 8]);
  const [place, ...others] = findCandidates(maps, 0, WHOLE, { floor: LOGO, most: 8, logos: 4 });
  assert.equal(others.length, 0);
  place!.box.forEach((v, i) => {
    assert.ok(Math.abs(v - [30, 18, 30, 14][i]!) < 1e-3, `${place!.box}`);
  });
  assert.deepEqual([...place!.logits], [-9, 3]);
});

test('one place for one mark, whatever strides and brands speak for it; best first, at most so many', () => {
  const maps = emptyMaps();
  put(maps, 16, [1, 2], 1, 3, [10, 6, 20, 8]);
  put(maps, 8, [3, 5], 0, 2, [14, 10, 16, 4]);
  put(maps, 8, [0, 14], 0, 5, [4, 4, 4, 4]);
  const all = findCandidates(maps, 0, WHOLE, { floor: LOGO, most: 8, logos: 4 });
  assert.deepEqual(
    all.map((p) => p.best),
    [5, 3],
  );
  assert.equal(findCandidates(maps, 0, WHOLE, { floor: LOGO, most: 1, logos: 4 }).length, 1);
  assert.equal(findCandidates(maps, 0, WHOLE, { floor: 3, most: 8, logos: 4 }).length, 0);
});

test('places that look like some logo are added, up to their own number', () => {
  const maps = emptyMaps();
  put(maps, 16, [1, 2], 1, 3, [10, 6, 20, 8]);
  put(maps, 8, [0, 14], 0, -8.5, [4, 4, 4, 4]);
  maps.get(placeLayer(8))!.data[14 * PLACE_CHANNELS] = 5;
  const options = { floor: LOGO, most: 8 };
  assert.deepEqual(
    findCandidates(maps, 0, WHOLE, { ...options, logos: 4 }).map((p) => p.best),
    [3, -8.5],
  );
  assert.equal(findCandidates(maps, 0, WHOLE, { ...options, logos: 0 }).length, 1);
});

test('`all` adds the best cell of every brand', () => {
  const maps = emptyMaps();
  put(maps, 16, [1, 2], 1, 3, [10, 6, 20, 8]);
  put(maps, 32, [0, 3], 0, -7, [8, 8, 8, 8]);
  const places = findCandidates(maps, 0, WHOLE, { floor: LOGO, most: 8, logos: 4, all: true });
  assert.deepEqual(
    places.map((p) => p.best),
    [3, -7],
  );
});

test('what does not look like any logo is left out, whatever a brand says', () => {
  const maps = emptyMaps();
  put(maps, 16, [1, 2], 1, 9, [10, 6, 20, 8]);
  maps.get(placeLayer(16))!.data[(1 * 8 + 2) * PLACE_CHANNELS] = -5;
  assert.equal(findCandidates(maps, 0, WHOLE, { floor: -9, most: 8, logos: 4 }).length, 0);
});

test('cells in the letterbox are not looked at, and boxes end where the content does', () => {
  const maps = emptyMaps();
  put(maps, 8, [0, 3], 0, 9, [4, 4, 4, 4]);
  put(maps, 16, [1, 2], 1, 3, [90, 90, 90, 90]);
  const content = { x: 0, y: 16, width: WIDTH, height: 32 };
  const places = findCandidates(maps, 0, content, { floor: LOGO, most: 8, logos: 4 });
  assert.equal(places.length, 1);
  assert.deepEqual([...places[0]!.box], [0, 16, 128, 32]);
});
