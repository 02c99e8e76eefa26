import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import type { Detection } from '../../src/core/detection.js';
import type { Box } from '../../src/core/geometry.js';
import type { Look } from '../../src/mine/look.js';
import { Miner } from '../../src/mine/miner.js';
import { openOutput } from '../../src/mine/store.js';
import { randomPicture } from '../infer/support.js';
import { temporary } from './support.js';

const detection = (score: number, box: Box, label = 'acme'): Detection => ({
  ...{ label, score, box },
  llr: 3,
  confident: score > 0.5,
});

/** A frame of 320x180 whose picture is 240x180, as of a 4:3 video; a look of its own for each number. */
function look(n: number, detections: readonly Detection[], changes: Partial<Look> = {}): Look {
  const content = { x: 40, y: 0, width: 240, height: 180 };
  return {
    source: `match-${n}.mp4`,
    ptsMs: n * 200,
    time: new Date(n * 200).toISOString(),
    cut: true,
    image: { width: 320, height: 180, content, data: randomPicture(320, 180, n) },
    original: undefined,
    detections,
    ...changes,
  };
}
const frames = (folder: string) => readdirSync(join(folder, 'frames')).map((name) => `frames/${name}`);
const here: Box = [0.25, 0.5, 0.25, 0.25];

test('keeps the picture without its letterbox, and the box in its pixels', () =>
  temporary(async (folder) => {
    await openOutput(folder);
    const miner = new Miner(folder, { limit: 5, perBrand: 0 });
    await miner.add(look(1, [detection(0.7, here)]));
    const [only] = miner.candidates;
    assert.deepEqual([only?.width, only?.height, only?.box], [240, 180, [60, 90, 60, 45]]);
    const { width, height } = await sharp(join(folder, only!.file)).metadata();
    assert.deepEqual([width, height], [240, 180]);
    const { run, look: hash, place } = only as unknown as Record<string, unknown>;
    assert.deepEqual([run, hash, place], [undefined, undefined, undefined]);
  }));

test('a picture goes from disk with its last candidate', () =>
  temporary(async (folder) => {
    await openOutput(folder);
    const miner = new Miner(folder, { limit: 2, perBrand: 0 });
    await miner.add(look(1, [detection(0.3, here), detection(0.2, [0.6, 0.1, 0.3, 0.3], 'globex')]));
    const [first] = frames(folder);
    assert.equal(frames(folder).length, 1);
    await miner.add(look(2, [detection(0.4, here)]));
    assert.ok(frames(folder).includes(first!), 'its better candidate is still there');
    await miner.add(look(3, [detection(0.5, here)]));
    assert.deepEqual(frames(folder).sort(), miner.candidates.map((c) => c.file).sort());
    assert.ok(!frames(folder).includes(first!));
    await miner.add(look(4, [detection(0.1, here)]));
    assert.deepEqual(
      miner.candidates.map((c) => c.score),
      [0.5, 0.4],
    );
    assert.equal(miner.looked, 4);
  }));

test('of one thing in one picture, and through a shot, there is one candidate: the best', () =>
  temporary(async (folder) => {
    await openOutput(folder);
    const miner = new Miner(folder, { limit: 9, perBrand: 0 });
    const part: Box = [0.3, 0.55, 0.15, 0.15];
    await miner.add(look(1, [detection(0.6, here), detection(0.5, part)]));
    await miner.add(look(2, [detection(0.8, here)], { cut: false }));
    await miner.add(look(3, [detection(0.7, here)], { cut: false }));
    assert.deepEqual(
      miner.candidates.map((c) => [c.score, c.ptsMs]),
      [[0.8, 400]],
    );
    assert.equal(frames(folder).length, 1);
  }));

test('what is too small to be seen is left out', () =>
  temporary(async (folder) => {
    await openOutput(folder);
    const miner = new Miner(folder, { limit: 9, perBrand: 0 });
    await miner.add(look(1, [detection(0.9, [0.5, 0.5, 0.01, 0.2])]));
    assert.deepEqual([miner.kept, frames(folder).length], [0, 0]);
  }));
