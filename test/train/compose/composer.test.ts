import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { iou } from '../../../src/core/geometry.js';
import { PictureCache } from '../../../src/train/compose/cache.js';
import { Composer, FRAME_SHAPES } from '../../../src/train/compose/composer.js';
import { addTarget } from '../../../src/train/compose/photos.js';
import type { Sources } from '../../../src/train/compose/sources.js';
import { splitSources } from '../../../src/train/compose/sources.js';
import { paste, signCorners } from '../../../src/train/compose/warp.js';
import { Rng } from '../../../src/train/rng.js';
import { drawnBrand } from '../../support/art.js';

let folder: string;
let art: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logowatch-compose-'));
  art = join(folder, 'disc.svg');
  // A disc with a margin around it: the margin must not count.
  await writeFile(
    art,
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60"><circle cx="30" cy="30" r="15" fill="#f00"/></svg>',
  );
});
after(() => rm(folder, { recursive: true, force: true }));

const sources = (): Sources => drawnBrand('disc', art);

test('a frame is a function of seed and index, in any order', async () => {
  const [a, b] = [new Composer(sources(), 5), new Composer(sources(), 5)];
  const first = [await a.frame(0), await a.frame(1), await a.frame(2)];
  const again = [await b.frame(2), await b.frame(1), await b.frame(0)].reverse();
  for (const [i, frame] of first.entries()) {
    assert.deepEqual(frame.targets, again[i]!.targets);
    assert.equal(Buffer.compare(frame.data, again[i]!.data), 0);
    assert.equal(frame.data.length, frame.width * frame.height * 3);
  }
  const other = await new Composer(sources(), 6).frame(0);
  assert.notDeepEqual(
    [other.width, other.data.length, other.targets, other.data[999]],
    [first[0]!.width, first[0]!.data.length, first[0]!.targets, first[0]!.data[999]],
  );
});

test('the box of a pasted logo is where its colour is', async () => {
  const stamp = await new PictureCache().art(art);
  for (let seed = 0; seed < 12; seed++) {
    const rng = new Rng(seed);
    const [width, height] = [320, 240];
    const frame = { width, height, data: new Uint8Array(width * height * 3).fill(128) };
    const side = rng.uniform(30, 180);
    const quad = signCorners(rng, side, side, Math.PI / 4).map(
      ([x, y]) => [x + rng.uniform(60, 61) + 60, y + 110] as const,
    );
    const pasted = paste(frame, stamp, quad, {
      opacity: 1,
      feather: 0,
      tint: undefined,
      grey: false,
      invert: false,
    });
    let [x0, y0, x1, y1] = [width, height, -1, -1];
    for (let i = 0; i < width * height; i++) {
      if (frame.data[i * 3]! < 180) continue;
      const [x, y] = [i % width, Math.floor(i / width)];
      [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
    }
    assert.ok(pasted.box);
    assert.ok(
      iou(pasted.box, [x0, y0, x1 - x0 + 1, y1 - y0 + 1]) > 0.88,
      `seed ${seed}: ${pasted.box} against ${[x0, y0, x1, y1]}`,
    );
    assert.ok(pasted.change > 40);
  }
});

test('most frames have no target, targets lie inside, and every shape comes', async () => {
  const composer = new Composer(sources(), 1);
  let withTarget = 0;
  const shapes = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const { targets, width, height } = await composer.frame(i);
    if (targets.length > 0) withTarget++;
    shapes.add(`${width}x${height}`);
    for (const {
      box: [x, y, w, h],
    } of targets)
      assert.ok(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= width && y + h <= height);
  }
  assert.ok(withTarget >= 12 && withTarget <= 38, `${withTarget} of 60`);
  assert.equal(shapes.size, FRAME_SHAPES.length);
});

test('boxes are cut to the frame; what is hardly visible is ignored', () => {
  const targets: Parameters<typeof addTarget>[0] = [];
  addTarget(targets, 0, [-50, 10, 200, 40], 640, 360);
  addTarget(targets, 0, [-180, 10, 200, 40], 640, 360);
  addTarget(targets, 0, [700, 10, 20, 20], 640, 360);
  assert.deepEqual(targets, [
    { brand: 0, box: [0, 10, 150, 40], ignore: false },
    { brand: 0, box: [0, 10, 20, 40], ignore: true },
  ]);
});

test('the split is by source picture: no file is in both parts', () => {
  const image = (file: string, label: string) => ({
    file,
    width: 10,
    height: 10,
    boxes: [{ label, box: [0, 0, 5, 5] as const }],
    weak: false,
  });
  const images = Array.from({ length: 40 }, (_, i) => image(`p${i}`, i % 2 ? 'a' : 'b'));
  const dataset = {
    format: '',
    root: '',
    brands: ['a', 'b', 'c'],
    images,
    art: [{ label: 'c', file: 'c.svg' }],
    negatives: Array.from({ length: 50 }, (_, i) => `n${i}`),
  };
  const { train, heldOut, sharedBrands } = splitSources(
    dataset,
    { pictures: [], distractors: [], art: [] },
    3,
  );
  const files = (s: Sources): string[] => [...s.photos.map((p) => p.file), ...s.scenes];
  assert.deepEqual(
    files(train).filter((f) => files(heldOut).includes(f)),
    [],
  );
  assert.equal(files(train).length + files(heldOut).length, 90);
  assert.ok(heldOut.photosByBrand[0]!.length >= 2 && heldOut.scenes.length >= 2);
  assert.deepEqual(sharedBrands, ['c']);
  assert.deepEqual(heldOut.artByBrand[2], ['c.svg']);
});
