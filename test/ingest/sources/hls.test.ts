import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createSource } from '../../../src/ingest/open.js';
import { Clips } from '../../support/clips.js';
import { collect } from '../../support/collect.js';
import { npmFfmpeg, testFfmpegs } from '../../support/ffmpegs.js';
import { HlsServer } from '../../support/hls-server.js';

const START = '2026-01-02T03:04:05.000Z';
let clips: Clips;
let server: HlsServer;
before(async () => {
  clips = await Clips.create();
  const clip = await clips.plain('in.mp4', 6);
  const { path } = await npmFfmpeg();
  const hls = [
    '-f',
    'hls',
    '-hls_time',
    '2',
    '-hls_list_size',
    '0',
    '-hls_segment_filename',
    clips.path('s%d.ts'),
  ];
  await promisify(execFile)(path, [
    '-loglevel',
    'error',
    '-i',
    clip,
    '-c',
    'copy',
    ...hls,
    clips.path('vod.m3u8'),
  ]);
  server = new HlsServer({ folder: clips.folder });
  await server.start();
});
after(async () => {
  await server.stop();
  await clips.remove();
});

const playlist = (...lines: string[]) => ({
  body: ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:2', ...lines, ''].join('\n'),
});

for (const ffmpeg of await testFfmpegs()) {
  const read = (name: string, framesMax?: number) =>
    collect(
      createSource({ streamId: 's', url: server.url(name), width: 64, height: 36 }, { ffmpeg }),
      framesMax,
    );

  describe(`HLS with ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    it('reads a finished stream without loss, to its end', async () => {
      const { frames, end, dropped } = await read('vod.m3u8');
      assert.equal(frames.length, 30);
      assert.equal(dropped, 0);
      assert.deepEqual(end, { reason: 'ended', final: true });
    });

    it('takes media time 0 to be the date-time of the first segment it opened', async () => {
      const segments = ['#EXTINF:2,', 's0.ts', '#EXTINF:2,', 's1.ts', '#EXT-X-ENDLIST'];
      server.made.set('dated.m3u8', playlist(`#EXT-X-PROGRAM-DATE-TIME:${START}`, ...segments));
      const { frames } = await read('dated.m3u8');
      const dated = frames.filter(({ clock }) => clock === 'program-date-time');
      assert.ok(dated.length >= frames.length - 1, 'known from the start');
      for (const { wallTimeMs, ptsUs } of dated) assert.equal(wallTimeMs, Date.parse(START) + ptsUs / 1000);
    });

    it('opens the variant that fits, and follows a redirect', async () => {
      const small = '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x240\nvod.m3u8';
      const large = '#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=1920x1080\nmissing.m3u8';
      server.made.set('master.m3u8', { body: `#EXTM3U\n${large}\n${small}\n` });
      server.made.set('moved.m3u8', { location: '/master.m3u8' });
      assert.equal((await read('moved.m3u8', 3)).frames.length, 3);
    });

    it('refuses hostile entries before ffmpeg sees them', async () => {
      for (const entry of [
        'file:///etc/hostname',
        'concat:/etc/hostname',
        'subfile,,start,0,end,9,,:/etc/hostname',
      ]) {
        server.made.set('hostile.m3u8', playlist('#EXTINF:2,', entry, '#EXT-X-ENDLIST'));
        await assert.rejects(read('hostile.m3u8'), { code: 'source-refused' }, entry);
      }
      server.made.set('away.m3u8', { location: 'file:///etc/hostname' });
      await assert.rejects(read('away.m3u8'), { code: 'source-refused' });
      server.made.set('loop.m3u8', { location: '/loop.m3u8' });
      await assert.rejects(read('loop.m3u8'), { code: 'source-failed' });
    });

    it('says what is wrong with an address', async () => {
      server.made.set('page.m3u8', { body: '<html></html>' });
      await assert.rejects(read('page.m3u8'), { code: 'source-not-video' });
      await assert.rejects(read('missing.m3u8'), { code: 'source-not-found' });
      const url = 'http://127.0.0.1:1/x.m3u8';
      await assert.rejects(collect(createSource({ streamId: 's', url }, { ffmpeg })), {
        code: 'source-unreachable',
      });
    });
  });
}
