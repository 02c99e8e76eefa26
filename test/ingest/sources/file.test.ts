import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { LogowatchError } from '../../../src/core/errors.js';
import { createSource } from '../../../src/ingest/open.js';
import type { SourceSpec } from '../../../src/ingest/source.js';
import { Clips } from '../../support/clips.js';
import { collect, steps } from '../../support/collect.js';
import { testFfmpegs } from '../../support/ffmpegs.js';
import { readers } from '../../support/processes.js';

const ffmpegs = await testFfmpegs();
let clips: Clips;
before(async () => {
  clips = await Clips.create();
});
after(() => clips.remove());

const failsWith = (code: string) => (error: unknown) =>
  error instanceof LogowatchError && error.code === code;

for (const ffmpeg of ffmpegs) {
  const read = (url: string, spec: Partial<SourceSpec> = {}, framesMax?: number) =>
    collect(createSource({ streamId: 's', url, width: 64, height: 36, ...spec }, { ffmpeg }), framesMax);

  describe(`a file with ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    it('gives every sampled frame with its media time and the file clock', async () => {
      const path = await clips.plain();
      const { frames, end, dropped } = await read(path, { startTimeMs: 1_000_000 });
      assert.equal(frames.length, 20);
      assert.deepEqual(new Set(steps(frames)), new Set([200_000]));
      assert.deepEqual(
        frames.map(({ index }) => index),
        [...frames.keys()],
      );
      assert.equal(frames[5]?.wallTimeMs, 1_001_000);
      assert.equal(frames[5]?.clock, 'file');
      assert.deepEqual(end, { reason: 'ended', final: true });
      assert.equal(dropped, 0);
    });

    it('letterboxes on grey and says where the picture is', async () => {
      const { frames } = await read(await clips.plain('box.mp4', 1), {}, 1);
      const { content, data } = frames[0]!;
      assert.deepEqual(content, { x: 8, y: 0, width: 48, height: 36 });
      assert.deepEqual([...data.subarray(0, 8 * 3)], Array(24).fill(127));
      const inside = data.subarray(8 * 3, 56 * 3);
      assert.ok(new Set(inside).size > 10, 'the picture has colours of its own');
    });

    it('keeps the shape of anamorphic video', async () => {
      const { frames } = await read(await clips.anamorphic(), {}, 1);
      assert.deepEqual(frames[0]?.content, { x: 8, y: 0, width: 48, height: 36 });
    });

    it('waits for its reader and loses nothing', async () => {
      const url = await clips.plain('slow.mp4', 8);
      const spec = { streamId: 's', url, fps: 25 };
      const session = await createSource(spec, { ffmpeg }).open(new AbortController().signal);
      const indices: number[] = [];
      for await (const frame of session.frames()) {
        indices.push(frame.index);
        if (indices.length === 3) await new Promise((resolve) => setTimeout(resolve, 700));
      }
      assert.deepEqual(indices, [...Array(200).keys()]);
      assert.equal(session.dropped, 0);
    });

    it('stops in mid-file, and reaps its child', async () => {
      const url = await clips.plain('stop.mp4', 8);
      const { frames, end } = await read(url, { fps: 25, width: 640, height: 360 }, 3);
      assert.equal(frames.length, 3);
      assert.deepEqual(end, { reason: 'stopped', final: true });
      assert.deepEqual(readers(), []);
    });

    it('plays at its own pace when it is to be live', async () => {
      const started = performance.now();
      const { frames, end } = await read(await clips.plain('live.mp4', 2), { live: true });
      assert.deepEqual(end, { reason: 'ended', final: true });
      assert.ok(performance.now() - started > 1_000);
      assert.equal(frames[0]?.clock, undefined);
    });

    it('takes file: URLs, and names that hold a colon and a quote', async () => {
      const path = await clips.plain("it's: a clip.mp4", 1);
      assert.equal((await read(pathToFileURL(path).href)).frames.length, 5);
      assert.equal((await read(path)).frames.length, 5);
    });

    it('follows a variable frame rate', async () => {
      const { frames, end } = await read(await clips.variableRate());
      const gap = Math.max(...steps(frames));
      assert.ok(gap > 1_500_000 && gap < 2_000_000, `longest step ${gap}`);
      assert.equal(frames.filter((frame) => frame.gapBefore).length, 0);
      assert.equal(end.reason, 'ended');
    });

    it('reports PTS jumps and goes on without them', async () => {
      const { frames, end } = await read(await clips.ptsJumps());
      assert.equal(end.reason, 'ended');
      assert.equal(frames.filter(({ gapBefore }) => gapBefore?.reason === 'pts-jump').length, 2);
      assert.ok(
        steps(frames).every((step) => step > 0 && step < 1_000_000),
        String(steps(frames)),
      );
      assert.ok(frames.at(-1)!.ptsUs < 7_000_000);
    });

    it('reads 1x1 and 8K video', async () => {
      assert.deepEqual((await read(await clips.onePixel())).frames[0]?.content, {
        x: 14,
        y: 0,
        width: 36,
        height: 36,
      });
      const { frames, end } = await read(await clips.eightK());
      assert.deepEqual(frames[0]?.content, { x: 0, y: 0, width: 64, height: 36 });
      assert.equal(frames.length, 3);
      assert.equal(end.reason, 'ended');
    });

    it('decodes through damaged bytes', async () => {
      const { frames, end } = await read(await clips.corrupt());
      assert.ok(frames.length >= 10, `${frames.length} frames`);
      assert.equal(end.final, true);
    });

    it('gives all of a file that is cut short, then says so', async () => {
      const { frames, end } = await read(await clips.truncated());
      assert.ok(frames.length >= 5 && frames.length < 20, `${frames.length} frames`);
      assert.equal(end.final, true);
      assert.match(String(end.error), /cut short/);
    });

    it('refuses what is no video, each with its own error', async () => {
      for (const path of [await clips.withoutIndex(), await clips.text(), await clips.audioOnly()]) {
        const { frames, end } = await read(path);
        assert.equal(frames.length, 0);
        assert.equal(end.reason, 'not-video');
        assert.equal(end.final, true);
        assert.ok(failsWith('source-not-video')(end.error), String(end.error));
      }
      await assert.rejects(read(await clips.empty()), failsWith('source-not-video'));
      await assert.rejects(read(clips.path('nowhere.mp4')), failsWith('source-not-found'));
    });
  });
}

it('keeps a playlist given as a file out of the network', async () => {
  const { writeFile } = await import('node:fs/promises');
  const { createServer } = await import('node:http');
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const path = clips.path('local.m3u8');
  await writeFile(
    path,
    `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:${port}/a.ts\n#EXT-X-ENDLIST\n`,
  );
  const { frames } = await collect(createSource({ streamId: 's', url: path }, { ffmpeg: ffmpegs[0]! }));
  await new Promise((resolve) => server.close(resolve));
  assert.equal(frames.length, 0);
  assert.equal(requests, 0);
});
