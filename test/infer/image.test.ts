import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import type { LogowatchError } from '../../src/core/errors.js';
import { bestInput, fit, type LoadedImage, loadImage } from '../../src/infer/image.js';
import { withFolder } from './support.js';

const INPUTS = [
  { width: 640, height: 360 },
  { width: 480, height: 480 },
  { width: 360, height: 640 },
];

function pixel({ image }: LoadedImage, x: number, y: number): number[] {
  const at = (y * image.width + x) * 3;
  return [...image.data.subarray(at, at + 3)];
}

function close(actual: number[], expected: readonly number[], tolerance = 12): void {
  actual.forEach((v, i) => {
    assert.ok(Math.abs(v - expected[i]!) <= tolerance, `${actual} is not ${expected}`);
  });
}

/** Red on the left, blue on the right. */
function halves(width: number, height: number): Sharp {
  const red = { create: { width, height, channels: 3 as const, background: '#ff0000' } };
  const half = {
    create: { width: Math.floor(width / 2), height, channels: 3 as const, background: '#0000ff' },
  };
  return sharp(red).composite([{ input: half, gravity: 'east' }]);
}

test('every format is read, at the size and in the place it belongs', async () => {
  await withFolder(async (folder) => {
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const) {
      const file = join(folder, `halves.${format}`);
      await writeFile(file, await halves(400, 300).toFormat(format).toBuffer());
      const loaded = await loadImage(file, INPUTS);
      assert.deepEqual([loaded.originalWidth, loaded.originalHeight], [400, 300]);
      // 4:3 fills 75 % of 640x360 and of 480x480: the first is kept.
      assert.deepEqual(loaded.image.content, { x: 80, y: 0, width: 480, height: 360 });
      assert.equal(loaded.image.data.length, 640 * 360 * 3);
      close(pixel(loaded, 10, 180), [127, 127, 127], 0);
      close(pixel(loaded, 630, 180), [127, 127, 127], 0);
      close(pixel(loaded, 120, 180), [255, 0, 0]);
      close(pixel(loaded, 520, 180), [0, 0, 255]);
    }
  });
});

test('EXIF rotation comes before everything', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'turned.jpg');
    await writeFile(file, await halves(400, 200).jpeg().withMetadata({ orientation: 6 }).toBuffer());
    const loaded = await loadImage(file, INPUTS);
    assert.deepEqual([loaded.originalWidth, loaded.originalHeight], [200, 400]);
    assert.deepEqual([loaded.image.width, loaded.image.height], [360, 640]);
    close(pixel(loaded, 180, 20), [255, 0, 0]);
    close(pixel(loaded, 180, 620), [0, 0, 255]);
  });
});

test('grey, palette with alpha, 16 bits and CMYK become rgb24', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'picture');
    const load = async (bytes: Buffer) => {
      await writeFile(file, bytes);
      return loadImage(file, INPUTS);
    };
    const grey = { create: { width: 64, height: 36, channels: 3 as const, background: '#505050' } };
    close(pixel(await load(await sharp(grey).toColourspace('b-w').png().toBuffer()), 320, 180), [80, 80, 80]);
    close(
      pixel(await load(await sharp(grey).toColourspace('rgb16').png().toBuffer()), 320, 180),
      [80, 80, 80],
    );
    close(
      pixel(await load(await sharp(grey).toColourspace('cmyk').jpeg().toBuffer()), 320, 180),
      [80, 80, 80],
      30,
    );
    const clear = { create: { width: 64, height: 36, channels: 4 as const, background: '#00000000' } };
    close(pixel(await load(await sharp(clear).png({ palette: true }).toBuffer()), 320, 180), [255, 255, 255]);
  });
});

test('a small SVG is drawn sharp at the size that is needed', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'mark.svg');
    await writeFile(
      file,
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="9"><rect width="8" height="9"/></svg>',
    );
    const loaded = await loadImage(file, INPUTS);
    assert.deepEqual([loaded.originalWidth, loaded.originalHeight], [16, 9]);
    close(pixel(loaded, 316, 180), [0, 0, 0]);
    close(pixel(loaded, 323, 180), [255, 255, 255]);
  });
});

test('extreme shapes keep at least a pixel', () => {
  assert.deepEqual(fit({ width: 10000, height: 1 }, { width: 640, height: 360 }), {
    x: 0,
    y: 179,
    width: 640,
    height: 1,
  });
  assert.deepEqual(bestInput(INPUTS, { width: 1, height: 1 }), { width: 480, height: 480 });
  assert.deepEqual(bestInput(INPUTS, { width: 1080, height: 1920 }), { width: 360, height: 640 });
});

test('what is no picture is named, with the reason', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'picture.jpg');
    const refused = (reason: RegExp) => (error: LogowatchError) =>
      error.code === 'image-unreadable' && error.value === file && reason.test(error.message);
    await assert.rejects(loadImage(file, INPUTS), refused(/No such/));
    await writeFile(file, '');
    await assert.rejects(loadImage(file, INPUTS), refused(/empty/));
    await writeFile(file, 'no picture at all');
    await assert.rejects(loadImage(file, INPUTS), refused(/Not a picture/));
    const whole = await halves(400, 300).jpeg().toBuffer();
    await writeFile(file, whole.subarray(0, whole.length / 2));
    await assert.rejects(loadImage(file, INPUTS), refused(/Not a picture/));
    await writeFile(file, '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>');
    await assert.rejects(loadImage(file, INPUTS), refused(/too large|Not a picture/));
  });
});
