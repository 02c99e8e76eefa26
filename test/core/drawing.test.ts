import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { drawAlone, drawFile } from '../../src/core/drawing.js';
import { svgRaster, svgSprite } from '../../src/demo/raster.js';
import { proceduralScene } from '../../src/train/compose/background.js';
import { Rng } from '../../src/train/rng.js';

test('one drawing at a time, in order, and one that fails does not stop the next', async () => {
  let under = 0;
  const done: number[] = [];
  const draw = (n: number) => async () => {
    assert.equal(++under, 1);
    await new Promise(setImmediate);
    under--;
    if (n === 1) throw new Error('not drawn');
    done.push(n);
    return n;
  };
  const results = await Promise.allSettled([0, 1, 2].map((n) => drawAlone(draw(n))));
  assert.deepEqual(
    results.map((r) => r.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(done, [0, 2]);
});

test('of files, SVGs alone are drawn one at a time', async () => {
  const most = async (file: string | Buffer): Promise<number> => {
    let under = 0;
    let seen = 0;
    const draw = async () => {
      seen = Math.max(seen, ++under);
      await new Promise(setImmediate);
      under--;
    };
    await Promise.all([1, 2, 3].map(() => drawFile(file, draw)));
    return seen;
  };
  assert.equal(await most('art/mark.SVG'), 1);
  assert.equal(await most('photo.jpg'), 3);
  assert.equal(await most(Buffer.alloc(0)), 3);
});

const words =
  '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180"><text y="99">words</text></svg>';

for (const [what, draw] of [
  ['a made-up scene', (i: number) => proceduralScene(new Rng(i), 320, 180)],
  ['a raster of the demo', () => svgRaster(words)],
  ['a sprite of the demo', () => svgSprite(words)],
] as const)
  test(`${what} is drawn alone`, async () => {
    const drawings = Promise.all(Array.from({ length: 8 }, (_, i) => draw(i)));
    await new Promise(setImmediate);
    const { queue, process: working } = sharp.counters();
    await drawings;
    assert.ok(queue + working <= 1, `${queue + working} at once`);
  });
