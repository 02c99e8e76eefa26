import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeatureMap } from '../../../src/infer/engines/engine.js';
import { lookedAt, windowFor } from '../../../src/infer/foreign/places.js';
import { CROP_MARGIN } from '../../../src/infer/network/crop.js';
import { windowBoxes } from '../../../src/infer/network/windows.js';
import { HEAD_STRIDES, PLACE_CHANNELS, placeLayer } from '../../../src/infer/network.js';
import { randomNumbers } from '../support.js';

const CONTENT = { x: 0, y: 0, width: 640, height: 360 };

/** Places two strides wide; `logo` gives each cell's logit. */
function maps(logo: () => number): Map<string, FeatureMap> {
  return new Map(
    HEAD_STRIDES.map((stride) => {
      const [height, width] = [Math.ceil(CONTENT.height / stride), Math.ceil(CONTENT.width / stride)];
      const data = new Float32Array(height * width * PLACE_CHANNELS);
      for (let i = 0; i < data.length; i += PLACE_CHANNELS) data[i] = logo();
      return [placeLayer(stride), { data, count: 1, width, height, channels: PLACE_CHANNELS }];
    }),
  );
}

test('a still is looked at in more places and in parts, a frame’s places among them', () => {
  const random = randomNumbers(1);
  const seen = maps(() => 4 * random());
  const [live, still] = [lookedAt(seen, CONTENT, false), lookedAt(seen, CONTENT, true)];
  const windows = windowBoxes(CONTENT);
  assert.deepEqual(
    live.filter((p) => p.window).map((p) => p.box),
    windows.slice(0, 1),
  );
  assert.deepEqual(
    still.filter((p) => p.window).map((p) => p.box),
    windows,
  );
  assert.equal(live.filter((p) => !p.window).length, 8);
  assert.equal(still.filter((p) => !p.window).length, 24);
  for (const place of live) assert.ok(still.some((p) => p.box.join() === place.box.join()));
});

test('where nothing looks like a logo a still gets no more places than a frame', () => {
  const still = lookedAt(
    maps(() => -6),
    CONTENT,
    true,
  );
  assert.equal(still.filter((p) => !p.window).length, 8);
});

test('a window is seen as it is, whatever margin a network has around its boxes', () => {
  const [whole] = windowBoxes(CONTENT);
  for (const margin of [1, CROP_MARGIN, 2]) {
    const [x, y, w, h] = windowFor(whole!, margin);
    const region = [x + (w - w * margin) / 2, y + (h - h * margin) / 2, w * margin, h * margin];
    assert.deepEqual(
      region.map((v) => Math.round(v * 1e6) / 1e6 + 0),
      [0, 0, 640, 360],
    );
  }
});
