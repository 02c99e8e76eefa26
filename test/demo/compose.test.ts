import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { composeBroadcast, planOf, renderFrames } from '../../src/demo/compose.js';
import { FPS, HEIGHT, WIDTH } from '../../src/demo/raster.js';
import { truthOf } from '../../src/demo/truth.js';
import { ffmpegPath, inFolder } from './support.js';

const run = promisify(execFile);

/** Decoded rgb24 frames of a file. */
async function decode(file: string): Promise<Buffer[]> {
  const { stdout } = await run(
    ffmpegPath,
    ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 1 << 30 },
  );
  const size = WIDTH * HEIGHT * 3;
  return Array.from({ length: stdout.length / size }, (_, i) => stdout.subarray(i * size, (i + 1) * size));
}

async function hashOf(seed: number, seconds: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const frame of renderFrames(await planOf(seed, seconds), seed)) hash.update(frame.data);
  return hash.digest('hex');
}

/** Mean absolute difference of two frames within a box, 0..255. */
function difference(a: Uint8Array, b: Uint8Array, box: readonly [number, number, number, number]): number {
  let sum = 0;
  let count = 0;
  for (let y = Math.ceil(box[1]); y < box[1] + box[3] - 1; y++) {
    for (let x = Math.ceil(box[0]); x < box[0] + box[2] - 1; x++) {
      for (let k = 0; k < 3; k++) {
        const p = (y * WIDTH + x) * 3 + k;
        sum += Math.abs(a[p]! - b[p]!);
        count++;
      }
    }
  }
  return sum / count;
}

describe('composeBroadcast', { timeout: 120_000 }, () => {
  test('a seed gives the same frames, another seed others', async () => {
    // Long enough for the scenes that draw several things side by side.
    const hash = await hashOf(3, 18);
    assert.equal(await hashOf(3, 18), hash);
    assert.notEqual(await hashOf(4, 2), await hashOf(3, 2));
  });

  test('decoded back: every frame is there, and the marks are where and when the truth says', () =>
    inFolder(async (folder) => {
      // Long enough for the first blinks.
      const seconds = 12;
      const seed = 11;
      const output = join(folder, 'deep', 'broadcast.mp4');
      let progress = 0;
      const { file, truth } = await composeBroadcast({
        ffmpegPath,
        seed,
        seconds,
        output,
        onProgress: (done) => {
          progress = done;
        },
      });
      assert.equal(file, output);
      assert.equal(progress, seconds * FPS);
      assert.equal(truth.duration, seconds);
      const frames = await decode(file);
      assert.equal(frames.length, seconds * FPS);
      const plan = await planOf(seed, seconds);
      assert.deepEqual(truthOf(plan), truth);
      assert.ok(truth.flashes.length > 0);
      for (const mark of plan.marks.filter((m) => m.isBrand && m.first === m.last)) {
        const half = mark.from.size * 0.4;
        const box = [mark.from.x - half, mark.from.y - half, half * 2, half * 2] as const;
        const at = (n: number) => frames[mark.first + n]!;
        const blink = difference(at(0), at(-1), box);
        const gone = difference(at(1), at(-1), box);
        assert.ok(blink > 2 * gone && blink > 15, `${mark.slug}: ${blink} against ${gone}`);
      }
      const moving = plan.marks.find((m) => m.isBrand && m.last > m.first && m.first > 0)!;
      const half = moving.from.size * 0.4;
      const box = [moving.from.x - half, moving.from.y - half, half * 2, half * 2] as const;
      assert.ok(
        difference(frames[moving.first]!, frames[moving.first - 1]!, box) > 15,
        'it is not there before',
      );
    }));

  test('an ffmpeg that is not there is named, and leaves no file', () =>
    inFolder(async (folder) => {
      const output = join(folder, 'x.mp4');
      const options = { ffmpegPath: '/nowhere/ffmpeg', seed: 1, seconds: 1, output };
      await assert.rejects(composeBroadcast(options), { code: 'ffmpeg-not-found' });
      assert.ok(!existsSync(output));
    }));

  test('an output that cannot be written is an error with the words of ffmpeg', () =>
    inFolder(async (folder) => {
      const options = { ffmpegPath, seed: 1, seconds: 1, output: join(folder, 'x.no-such-format') };
      await assert.rejects(composeBroadcast(options), (error: { code?: string; value?: string }) => {
        assert.equal(error.code, 'ffmpeg-unsupported');
        assert.match(error.value ?? '', /x\.no-such-format/);
        return true;
      });
    }));
});
