import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSource } from '../../src/ingest/open.js';
import { collect } from '../support/collect.js';
import { testFfmpegs } from '../support/ffmpegs.js';
import { freePort } from '../support/ports.js';
import { RtspRelay } from '../support/rtsp-relay.js';

const ffmpegs = await testFfmpegs();

it('refuses a scheme that nothing reads, without its password', () => {
  assert.throws(
    () => createSource({ streamId: 's', url: 'ftp://u:s3cret@h/x' }),
    (error: unknown) => {
      assert.equal((error as { code: string }).code, 'config-invalid');
      assert.ok(!JSON.stringify(error).includes('s3cret'));
      return true;
    },
  );
});

it('labels a source without its secrets', () => {
  assert.equal(createSource({ streamId: 's', url: 'rtsp://u:s3cret@h/x' }).label, 'rtsp://***@h/x');
  assert.equal(
    createSource({ streamId: 's', url: 'srt://h:1?passphrase=s3cret' }).label,
    'srt://h:1?passphrase=***',
  );
});

it('names a configured ffmpeg that is none', async () => {
  const open = (ffmpegPath: string) =>
    createSource({ streamId: 's', url: 'udp://127.0.0.1:9', ffmpegPath }).open(new AbortController().signal);
  await assert.rejects(open('/nowhere/ffmpeg'), { code: 'ffmpeg-not-found' });
  await assert.rejects(open(process.execPath), { code: 'ffmpeg-unsupported' });
});

for (const ffmpeg of ffmpegs) {
  const read = (url: string, framesMax = 3) =>
    collect(createSource({ streamId: 's', url, width: 64, height: 36 }, { ffmpeg }), framesMax);

  describe(`protocols of ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    it('says that this build cannot read SRT, where it cannot', async (t) => {
      if (ffmpeg.capabilities.inputProtocols.has('srt')) return t.skip('this one can: see e2e');
      await assert.rejects(read('srt://127.0.0.1:9'), { code: 'ffmpeg-unsupported' });
    });

    it('says when nothing answers', async () => {
      const port = await freePort('tcp');
      for (const url of [`rtsp://127.0.0.1:${port}/x`, `rtmp://127.0.0.1:${port}/live/x`]) {
        const reason = await read(url).then(
          ({ end }) => [end.reason, end.final],
          (error: { code: string }) => error.code,
        );
        const expected = Array.isArray(reason) ? ['unreachable', false] : 'source-unreachable';
        assert.deepEqual(reason, expected, url);
      }
    });

    it('says when the server does not have the stream', async () => {
      const relay = new RtspRelay();
      await relay.start();
      const { end } = await read(relay.url('nothing'));
      await relay.stop();
      assert.equal((end.error as { code?: string } | undefined)?.code, 'source-not-found');
      assert.equal(end.final, false);
    });
  });
}
