import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { createSource } from '../../src/ingest/open.js';
import { collect } from '../support/collect.js';
import { npmFfmpeg, testFfmpegs } from '../support/ffmpegs.js';
import { RtspRelay } from '../support/rtsp-relay.js';

const ffmpegs = await testFfmpegs();

async function freePort(kind: 'udp' | 'tcp'): Promise<number> {
  if (kind === 'udp') {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(resolve));
    return port;
  }
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function whileSending(path: string, output: string[], work: () => Promise<void>): Promise<void> {
  const input = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25', '-c:v', 'libx264'];
  const codec = [
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-g',
    '5',
    '-pix_fmt',
    'yuv420p',
    '-threads',
    '1',
  ];
  const sender: ChildProcess = spawn(
    path,
    ['-nostdin', '-loglevel', 'error', ...input, ...codec, ...output],
    {
      stdio: 'ignore',
    },
  );
  const closed = new Promise((resolve) => sender.once('close', resolve));
  try {
    await work();
  } finally {
    sender.kill('SIGKILL');
    await closed;
  }
}

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
    it('reads MPEG-TS over UDP', async () => {
      const port = await freePort('udp');
      const { path } = await npmFfmpeg();
      await whileSending(path, ['-f', 'mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`], async () => {
        assert.equal((await read(`udp://127.0.0.1:${port}`)).frames.length, 3);
      });
    });

    it('reads SRT, or says that this build cannot', async () => {
      const port = await freePort('udp');
      if (!ffmpeg.capabilities.inputProtocols.has('srt')) {
        await assert.rejects(read(`srt://127.0.0.1:${port}`), { code: 'ffmpeg-unsupported' });
        return;
      }
      const output = ['-f', 'mpegts', `srt://127.0.0.1:${port}?mode=listener`];
      await whileSending(ffmpeg.path, output, async () => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        assert.equal((await read(`srt://127.0.0.1:${port}?mode=caller`)).frames.length, 3);
      });
    });

    it('reads RTMP from a listening publisher', async () => {
      const port = await freePort('tcp');
      const { path } = await npmFfmpeg();
      const url = `rtmp://127.0.0.1:${port}/live/x`;
      await whileSending(path, ['-f', 'flv', '-listen', '1', url], async () => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        assert.equal((await read(url)).frames.length, 3);
      });
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
