import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { FfmpegBinary } from '../../src/ingest/ffmpeg/locate.js';
import { npmFfmpeg, testFfmpegs } from '../support/ffmpegs.js';
import { freePort } from '../support/ports.js';
import { readers, zombies } from '../support/processes.js';
import { type Publisher, publishRtsp, publishTo } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { type Supervised, supervise } from '../support/supervised.js';
import { until } from '../support/wait.js';

/** 3 s of media at 5 frames/s. */
const FRAMES = 15;
const KEY = 'k3y-9f81';
const npm = await npmFfmpeg();
const running: Supervised[] = [];
const sending: Publisher[] = [];

function watch(...args: Parameters<typeof supervise>): Supervised {
  const stream = supervise(...args);
  running.push(stream);
  return stream;
}

function send(ffmpeg: FfmpegBinary, ...output: string[]): Publisher {
  const publisher = publishTo(output, { ffmpeg, gop: 5 });
  sending.push(publisher);
  return publisher;
}

afterEach(async () => {
  for (const stream of running.splice(0)) await stream.stop().catch(() => {});
  for (const publisher of sending.splice(0)) await publisher.kill();
  assert.deepEqual(readers(), [], 'no reader is left');
  assert.deepEqual(zombies(), [], 'no zombie is left');
});

const more = (stream: Supervised, count = FRAMES) => {
  const seen = stream.bus.frames.length;
  return until(`${count} more frames`, () => stream.bus.frames.length >= seen + count, 40_000);
};

/** Within the latest session. */
function assertMediaTimeGrows(stream: Supervised, secondsMin: number): void {
  const frames = stream.bus.frames.filter(({ session }) => session === stream.bus.frames.at(-1)?.session);
  assert.equal(frames[0]?.ptsUs, 0);
  for (const [i, frame] of frames.slice(1).entries()) assert.ok(frame.ptsUs > frames[i]!.ptsUs);
  assert.ok(frames.at(-1)!.ptsUs >= secondsMin * 1e6, `${frames.at(-1)!.ptsUs} us`);
}

/** Frames come, the sender's end is noticed, and a new session begins with a new sender. */
async function assertComesAndGoes(url: string, reader: FfmpegBinary, start: () => Publisher): Promise<void> {
  const publisher = start();
  const stream = watch(url, reader);
  await more(stream);
  assertMediaTimeGrows(stream, 2);
  const [child] = readers();
  assert.ok(child && !child.commandLine.includes(KEY), child?.commandLine);
  await publisher.kill();
  await until(
    'the end is noticed',
    () => /frames gap:(ended|failed|stalled) closed:\1$/.test(told(stream)),
    40_000,
  );
  start();
  await more(stream);
  assertMediaTimeGrows(stream, 2);
  assert.ok(!JSON.stringify([stream.bus.records, stream.telemetry.events]).includes(KEY));
}

/** Without what the tries in between found. */
const told = (stream: Supervised) => stream.bus.story().replace(/(?<=closed:\w+)( gap:\w+)+$/, '');

for (const ffmpeg of await testFfmpegs()) {
  describe(`RTSP over UDP with ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    const relay = new RtspRelay({ credentials: `viewer:${KEY}` });
    let publisher: Publisher;
    before(async () => {
      await relay.start();
      publisher = publishRtsp(relay.url('live/x'), { ffmpeg: npm });
      await relay.published('live/x');
    });
    after(async () => {
      await publisher.kill();
      await relay.stop();
    });
    const url = () => relay.url('live/x', `viewer:${KEY}`);

    it('takes its frames from datagrams, and comes back after a reset', async () => {
      const stream = watch(url(), ffmpeg, { rtspTransport: 'udp' });
      await more(stream);
      assertMediaTimeGrows(stream, 2);
      // More than one packet a frame: every frame is larger than nothing.
      assert.ok(relay.datagrams >= FRAMES, `${relay.datagrams} datagrams`);
      assert.equal(relay.interleaved, 0, 'nothing came over the TCP connection');
      assert.ok(!readers()[0]?.commandLine.includes(KEY));
      relay.dropPlayers();
      await until('a gap', () => stream.bus.story().includes('gap'), 40_000);
      const before = relay.datagrams;
      await more(stream);
      assert.ok(relay.datagrams > before);
      assert.match(stream.bus.story(), /^opened frames gap:(\w+) closed:\1 .*opened frames$/);
    });

    it('notices datagrams that no longer come while the connection stays open', async () => {
      const stream = watch(url(), ffmpeg, { rtspTransport: 'udp' });
      await more(stream, 5);
      process.kill(publisher.pid, 'SIGSTOP');
      await until('a stall is noticed', () => stream.bus.story().includes('gap:stalled'), 40_000);
      process.kill(publisher.pid, 'SIGCONT');
      await more(stream, 5);
    });

    it('takes them from the connection by default', async () => {
      const before = relay.datagrams;
      const stream = watch(url(), ffmpeg);
      await more(stream, 5);
      assert.equal(relay.datagrams, before);
      assert.ok(relay.interleaved > 0);
    });

    it('gives the keyframes only, one a second of this stream', async () => {
      const options = { keyframesOnly: true, fps: 25, stallTimeoutMs: 10_000 };
      const stream = watch(url(), ffmpeg, options);
      await more(stream, 6);
      // Up to the first RTCP report a player knows the time less exactly.
      const pts = stream.bus.frames.slice(1).map(({ ptsUs }) => ptsUs);
      for (const [i, ptsUs] of pts.slice(1).entries()) {
        assert.ok(Math.abs(ptsUs - pts[i]! - 1_000_000) < 2_000, String(pts));
      }
    });
  });

  describe(`one sender, one reader: ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    it('RTMP', async () => {
      const url = `rtmp://127.0.0.1:${await freePort('tcp')}/live/${KEY}`;
      await assertComesAndGoes(url, ffmpeg, () => send(npm, '-f', 'flv', '-listen', '1', url));
    });

    it('MPEG-TS over UDP', async () => {
      const url = `udp://127.0.0.1:${await freePort('udp')}`;
      await assertComesAndGoes(url, ffmpeg, () => send(npm, '-f', 'mpegts', `${url}?pkt_size=1316`));
    });

    it('SRT', async (t) => {
      if (!ffmpeg.capabilities.inputProtocols.has('srt')) return t.skip('this ffmpeg was built without SRT');
      const port = await freePort('udp');
      const url = `srt://127.0.0.1:${port}?mode=caller&passphrase=${KEY}-0123456789`;
      const listener = `srt://127.0.0.1:${port}?mode=listener&passphrase=${KEY}-0123456789`;
      await assertComesAndGoes(url, ffmpeg, () => send(ffmpeg, '-f', 'mpegts', listener));
    });
  });
}
