import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { loadShippedTrunk } from '../../src/infer/network/shipped.js';
import { Base } from '../../src/train/base.js';
import { extractPhotos } from '../../src/train/photos.js';
import { CROP_INPUTS, type FrameSamples, SampleStore } from '../../src/train/samples.js';

const BRANDS = ['acorn', 'birch'];
const CROPS_A_BOX = 12;

test('every box of a photo gives crops of its brand, the same ones after an interruption', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'logowatch-photos-'));
  const base = await Base.open(await loadShippedTrunk());
  try {
    const photos = await Promise.all(
      BRANDS.map(async (label, i) => {
        const file = join(folder, `${label}.png`);
        const [width, height] = [120 + 40 * i, 90];
        const disc = `<svg width="${width}" height="${height}"><circle cx="40" cy="40" r="20" fill="${i ? 'red' : 'blue'}"/></svg>`;
        await sharp(Buffer.from(disc)).flatten({ background: 'white' }).png().toFile(file);
        const boxes = [
          { label, box: [20, 20, 40, 40] as const },
          { label: 'birch', box: [80, 10, 30, 30] as const },
        ];
        return { file, width, height, boxes, weak: false };
      }),
    );
    const run = async (name: string, stopAfter?: number): Promise<readonly FrameSamples[]> => {
      const store = await SampleStore.open(folder, name, 'key');
      const controller = new AbortController();
      const onPhoto = (done: number): void => {
        if (done === stopAfter) controller.abort();
      };
      try {
        await extractPhotos({
          base,
          store,
          brands: BRANDS,
          photos,
          seed: 1,
          signal: controller.signal,
          onPhoto,
        });
      } catch (error) {
        if (stopAfter === undefined) throw error;
      } finally {
        await store.close();
      }
      return store.frames;
    };
    const whole = await run('whole');
    assert.deepEqual(
      whole.map((f) => f.crops.labels.length),
      [2 * CROPS_A_BOX, 2 * CROPS_A_BOX],
    );
    assert.deepEqual([...new Set(whole[0]!.crops.labels)].sort(), [0, 1]);
    assert.deepEqual([...new Set(whole[1]!.crops.labels)], [1]);
    for (const { crops, cells } of whole) {
      assert.equal(crops.data.length, crops.labels.length * CROP_INPUTS);
      assert.ok(crops.data.every(Number.isFinite) && crops.data.some((v) => v !== 0));
      assert.equal(cells.labels.length, 0);
    }
    assert.equal((await run('part', 1)).length, 1);
    const resumed = await run('part');
    assert.deepEqual(
      resumed.map((f) => f.crops),
      whole.map((f) => f.crops),
    );
  } finally {
    await base.close();
    await rm(folder, { recursive: true, force: true });
  }
});
