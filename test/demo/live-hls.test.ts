import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { composeBroadcast } from '../../src/demo/compose.js';
import { liveHls } from '../../src/demo/live-hls.js';
import { FPS } from '../../src/demo/raster.js';
import { ffmpegPath } from './support.js';

const run = promisify(execFile);
const SECONDS = 6;
const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('logowatch-live-'));

describe('liveHls', { timeout: 120_000 }, () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logowatch-demo-'));
    const output = join(folder, 'broadcast.mp4');
    ({ file } = await composeBroadcast({ ffmpegPath, seed: 1, seconds: SECONDS, output }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('a player that joins at once sees the whole file, at its own pace, and then the end', async () => {
    const publishedFrom = Date.now();
    const live = await liveHls({ ffmpegPath, file });
    try {
      assert.match(live.url, /^http:\/\/127\.0\.0\.1:\d+\/live\.m3u8$/);
      assert.ok(Math.abs(live.startedAtMs - publishedFrom) < 5000, String(live.startedAtMs - publishedFrom));
      const early = await (await fetch(live.url)).text();
      assert.match(early, /#EXT-X-PROGRAM-DATE-TIME:/);
      assert.doesNotMatch(early, /#EXT-X-ENDLIST/);
      const player = run(
        ffmpegPath,
        ['-v', 'error', '-i', live.url, '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', '16x16', 'pipe:1'],
        { encoding: 'buffer' },
      );
      const { stdout } = await player;
      assert.equal(stdout.length / 256, SECONDS * FPS);
      await live.ended;
      assert.ok(Date.now() - publishedFrom >= (SECONDS - 1) * 1000, 'it was live, not all at once');
      const late = await (await fetch(live.url)).text();
      assert.match(late, /#EXT-X-ENDLIST/);
      assert.equal(late.match(/segment\d+\.ts/g)?.length, SECONDS / 2);
    } finally {
      await live.close();
    }
    await assert.rejects(fetch(live.url), 'nothing listens any more');
  });

  test('only its own files are served', async () => {
    const live = await liveHls({ ffmpegPath, file });
    try {
      const { origin } = new URL(live.url);
      for (const path of ['/', '/other.m3u8', '/..%2f..%2fetc%2fpasswd', '/%2e%2e/x.ts', '/live.m3u8.tmp']) {
        assert.equal((await fetch(origin + path)).status, 404, path);
      }
    } finally {
      await live.close();
    }
  });

  test('closing in mid-stream ends the publisher and removes the files; twice is harmless', async () => {
    const beforehand = leftovers();
    const live = await liveHls({ ffmpegPath, file });
    assert.equal(leftovers().length, beforehand.length + 1);
    await Promise.all([live.close(), live.close()]);
    await live.ended;
    assert.deepEqual(leftovers(), beforehand);
  });

  test('an abort does the same', async () => {
    const beforehand = leftovers();
    const controller = new AbortController();
    const live = await liveHls({ ffmpegPath, file, signal: controller.signal });
    controller.abort();
    await live.close();
    assert.deepEqual(leftovers(), beforehand);
  });

  test('a file that is no video fails with the words of ffmpeg, and leaves nothing', async () => {
    const beforehand = leftovers();
    await assert.rejects(liveHls({ ffmpegPath, file: import.meta.filename }), { code: 'ffmpeg-unsupported' });
    assert.deepEqual(leftovers(), beforehand);
  });
});
