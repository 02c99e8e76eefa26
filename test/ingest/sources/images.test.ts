import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import sharp from 'sharp';
import { createSource } from '../../../src/ingest/open.js';
import { Clips } from '../../support/clips.js';
import { collect } from '../../support/collect.js';

let clips: Clips;
let folder: string;
const image = (name: string, width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } }).toFile(join(folder, name));
const read = (url: string) =>
  collect(createSource({ streamId: 's', url, width: 64, height: 36, startTimeMs: 5_000 }));

before(async () => {
  clips = await Clips.create();
  folder = clips.path('images');
  await mkdir(folder);
  await image('2.png', 100, 100, '#ff0000');
  await image('10.jpg', 128, 72, '#0000ff');
  await image('1.webp', 1, 1, '#00ff00');
  await writeFile(join(folder, 'notes.txt'), 'no image');
});
after(() => clips.remove());

it('gives one frame an image, a second apart, in the order of the numbers', async () => {
  const { frames, end } = await read(folder);
  assert.deepEqual(
    frames.map(({ ptsUs, index, wallTimeMs, clock }) => [ptsUs, index, wallTimeMs, clock]),
    [
      [0, 0, 5_000, 'file'],
      [1_000_000, 1, 6_000, 'file'],
      [2_000_000, 2, 7_000, 'file'],
    ],
  );
  assert.deepEqual(frames[1]?.content, { x: 14, y: 0, width: 36, height: 36 });
  const row = frames[1]!.data.subarray(64 * 3 * 18);
  assert.deepEqual([...row.subarray(0, 3), ...row.subarray(32 * 3, 33 * 3)], [127, 127, 127, 255, 0, 0]);
  assert.deepEqual(end, { reason: 'ended', final: true });
});

it('takes a single image', async () => {
  assert.equal((await read(join(folder, '10.jpg'))).frames.length, 1);
});

it('uses all the others when one cannot be read, and names it', async () => {
  await writeFile(join(folder, '3.png'), 'no image either');
  const { frames, end } = await read(folder);
  assert.equal(frames.length, 3);
  assert.equal(end.final, true);
  assert.match(String((end.error as { value?: string }).value), /3\.png/);
});

it('refuses a folder without images and a path that is not there', async () => {
  const empty = clips.path('empty');
  await mkdir(empty);
  await assert.rejects(read(empty), { code: 'source-not-found' });
  await assert.rejects(read(clips.path('nowhere.png')), { code: 'source-not-found' });
});
