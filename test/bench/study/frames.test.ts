import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import {
  composeFrame,
  type FramePlan,
  HEIGHT,
  planFrames,
  planFreeFrames,
  WIDTH,
  WIDTHS,
} from '../../../bench/study/frames.js';
import { PictureCache } from '../../../src/train/compose/cache.js';
import type { DatasetImage } from '../../../src/train/datasets/dataset.js';

let folder: string;
let photo: DatasetImage;
let background: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logowatch-study-'));
  background = join(folder, 'grey.png');
  await sharp({ create: { width: 800, height: 600, channels: 3, background: '#777' } })
    .png()
    .toFile(background);
  // A green photo with a red logo in the middle.
  const logo = await sharp({ create: { width: 120, height: 60, channels: 3, background: '#f00' } })
    .png()
    .toBuffer();
  const file = join(folder, 'photo.png');
  await sharp({ create: { width: 400, height: 300, channels: 3, background: '#0c0' } })
    .composite([{ input: logo, left: 140, top: 120 }])
    .png()
    .toFile(file);
  photo = { file, width: 400, height: 300, weak: false, boxes: [{ label: 'red', box: [140, 120, 120, 60] }] };
});
after(() => rm(folder, { recursive: true, force: true }));

/** Bounds of the pixels of a colour. */
function boundsOf(data: Uint8Array, is: (r: number, g: number, b: number) => boolean) {
  let [left, top, right, bottom] = [WIDTH, HEIGHT, -1, -1];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const i = (y * WIDTH + x) * 3;
      if (!is(data[i]!, data[i + 1]!, data[i + 2]!)) continue;
      [left, right, top, bottom] = [
        Math.min(left, x),
        Math.max(right, x),
        Math.min(top, y),
        Math.max(bottom, y),
      ];
    }
  }
  return { width: right - left + 1, height: bottom - top + 1 };
}

const isRed = (r: number, g: number, b: number): boolean => r > 160 && g < 90 && b < 90;
const isGreen = (r: number, g: number, b: number): boolean => g > 140 && r < 90 && b < 90;

test('a logo has the planned width, with its photo around it or without', async () => {
  const cache = new PictureCache();
  const plans = planFrames([photo, photo], [background], 1);
  assert.equal(plans.length, WIDTHS.length * 2);
  for (const plan of plans) {
    const { width, kind } = plan.logo!;
    const [low, high] = WIDTHS[width]!;
    const frame = await composeFrame(plan, cache);
    assert.equal(frame.data.length, WIDTH * HEIGHT * 3);
    const red = boundsOf(frame.data, isRed);
    assert.ok(red.width >= low * WIDTH - 3 && red.width <= high * WIDTH + 3, `${kind}: ${red.width} px`);
    assert.ok(Math.abs(red.width / red.height - 2) < 0.35, `${red.width}x${red.height}`);
    const green = boundsOf(frame.data, isGreen);
    if (kind === 'photo') assert.ok(green.width > 2 * red.width);
    else assert.ok(green.width <= red.width * 1.3 + 4);
  }
});

test('a plan names its frame: the same pixels again, others for another plan', async () => {
  const draw = async (plan: FramePlan) => Buffer.from((await composeFrame(plan, new PictureCache())).data);
  const [a, b] = planFrames([photo], [background], 1);
  assert.ok((await draw(a!)).equals(await draw(a!)));
  assert.ok(!(await draw(a!)).equals(await draw(b!)));
});

test('logos that would have to be enlarged to a blur are left out', () => {
  const tiny: DatasetImage = { ...photo, boxes: [{ label: 'red', box: [0, 0, 10, 8] }] };
  const kept = planFrames([tiny], [background], 1).map((p) => p.logo!.width);
  assert.ok(kept.length > 0 && Math.max(...kept) < 2);
});

test('logo-free frames show their background alone', async () => {
  const [plan] = planFreeFrames([background], 1);
  const { data } = await composeFrame(plan!, new PictureCache());
  assert.ok(data.every((v) => Math.abs(v - 0x77) <= 2));
});
