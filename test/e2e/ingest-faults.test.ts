import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { LogowatchError } from '../../src/core/errors.js';
import type { Frame } from '../../src/core/frame.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { npmFfmpeg, testFfmpegs } from '../support/ffmpegs.js';
import { HlsServer } from '../support/hls-server.js';
import { readers, zombies } from '../support/processes.js';
import { type Publisher, publishHls, publishRtsp } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { type Supervised, supervise } from '../support/supervised.js';
import { until } from '../support/wait.js';

const SECRET = 'tr0ub4dor';
const publisherFfmpeg = await npmFfmpeg();
const running: Supervised[] = [];

function watch(...args: Parameters<typeof supervise>): Supervised {
  const stream = supervise(...args);
  running.push(stream);
  return stream;
}

afterEach(async () => {
  for (const stream of running.splice(0)) await stream.stop().catch(() => {});
  assert.deepEqual(readers(), [], 'no reader is left');
  assert.deepEqual(zombies(), [], 'no zombie is left');
});

function assertSilentOn(secret: string, stream: Supervised): void {
  const told = JSON.stringify([stream.bus.records, stream.telemetry.events]);
  assert.ok(!told.includes(secret), 'the password is in a record or an event');
}

/** Every session has its own id, its frames' media time starts at 0 and grows. */
function assertSessions(stream: Supervised, sessionsMin: number): void {
  const bySession = new Map<string, Frame[]>();
  for (const frame of stream.bus.frames) {
    bySession.set(frame.session, [...(bySession.get(frame.session) ?? []), frame]);
  }
  assert.ok(bySession.size >= sessionsMin, `${bySession.size} sessions`);
  for (const frames of bySession.values()) {
    assert.equal(frames[0]?.ptsUs, 0);
    for (const [i, frame] of frames.slice(1).entries()) {
      assert.ok(frame.ptsUs > frames[i]!.ptsUs && frame.seq > frames[i]!.seq);
    }
  }
}

for (const ffmpeg of await testFfmpegs()) {
  describe(`RTSP with ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    let relay: RtspRelay;
    let publisher: Publisher;

    const publish = async () => {
      publisher = publishRtsp(relay.url('live/x'), { ffmpeg: publisherFfmpeg });
      await relay.published('live/x');
    };
    before(async () => {
      relay = new RtspRelay({ credentials: `viewer:${SECRET}`, burstPackets: 60 });
      await relay.start();
      await publish();
    });
    after(async () => {
      await publisher.kill();
      await relay.stop();
    });
    const url = () => relay.url('live/x', `viewer:${SECRET}`);
    const more = (stream: Supervised, count = 5) => {
      const seen = stream.bus.frames.length;
      return until('more frames', () => stream.bus.frames.length >= seen + count);
    };

    it('keeps the password out of arguments, records and events', async () => {
      const stream = watch(url(), ffmpeg);
      await more(stream);
      const [reader] = readers();
      assert.ok(reader, 'ffmpeg is running');
      assert.ok(!reader.commandLine.includes(SECRET), reader.commandLine);
      const result = await stream.stop();
      assert.equal(result.reason, 'stopped');
      assert.equal(stream.bus.story(), 'opened frames closed:stopped!');
      assert.ok(stream.bus.droppable.includes(true));
      assert.ok(stream.bus.frames.every(({ clock, live }) => live && clock === 'arrival'));
      assertSilentOn(SECRET, stream);
    });

    it('tries a wrong password once', async () => {
      const before = relay.refused;
      const stream = watch(relay.url('live/x', 'viewer:wr0ngpass'), ffmpeg);
      await assert.rejects(stream.result, (error: unknown) => {
        assert.ok(error instanceof LogowatchError);
        assert.equal(error.code, 'source-unauthorized');
        assert.ok(!JSON.stringify([error, error.message, String(error.cause)]).includes('wr0ngpass'));
        return true;
      });
      // One ffmpeg asks twice: without the password first, as RTSP has it.
      assert.ok(relay.refused - before <= 2, `${relay.refused - before} refusals`);
      assert.deepEqual(stream.waits, []);
      assert.equal(stream.bus.story(), 'closed:unauthorized!');
      assertSilentOn('wr0ngpass', stream);
    });

    it('comes back after connections are reset', async () => {
      const stream = watch(url(), ffmpeg);
      await more(stream);
      relay.dropPlayers();
      await until('a gap', () => stream.bus.story().includes('gap'));
      await more(stream);
      assert.match(stream.bus.story(), /^opened frames gap:(ended|failed) closed:\1 opened frames$/);
      assertSessions(stream, 2);
    });

    it('comes back after the server is killed and started again', async () => {
      const stream = watch(url(), ffmpeg);
      await more(stream);
      await publisher.kill();
      await relay.stop();
      await until('unreachable', () => stream.bus.story().includes('gap:unreachable'));
      await relay.start();
      await publish();
      await more(stream);
      assert.match(stream.bus.story(), /gap:unreachable .*opened frames$/);
      assert.equal(stream.bus.facts.filter(({ kind }) => kind === 'session-closed').length, 1);
      assertSessions(stream, 2);
      assert.ok(stream.waits.every((ms) => ms >= 1_000 && ms <= 60_000));
    });

    it('comes back after a stall with the sockets open', async () => {
      const stream = watch(url(), ffmpeg);
      await more(stream);
      relay.stalled = true;
      await until('a stall is noticed', () => stream.bus.story().includes('gap:stalled'));
      relay.stalled = false;
      await relay.stop();
      await publisher.kill();
      await relay.start();
      await publish();
      await more(stream);
      assertSessions(stream, 2);
    });

    it('kills and reaps an ffmpeg that hangs', async () => {
      const stream = watch(url(), ffmpeg);
      await more(stream);
      const [reader] = readers();
      assert.ok(reader);
      process.kill(reader.pid, 'SIGSTOP');
      await until('it is gone', () => readers().every(({ pid }) => pid !== reader.pid), 15_000);
      await more(stream);
      assert.match(stream.bus.story(), /^opened frames gap:stalled closed:stalled opened frames$/);
    });

    it('stops within 10 s while the server hangs and while it waits to retry', async () => {
      const proxy = new FaultProxy(Number(new URL(url().replace('rtsp', 'http')).port));
      await proxy.start();
      proxy.blackHole = true;
      try {
        const stream = watch(`rtsp://viewer:${SECRET}@127.0.0.1:${proxy.port}/live/x`, ffmpeg);
        await until('ffmpeg waits for an answer', () => readers().length === 1);
        const started = performance.now();
        assert.equal((await stream.stop()).reason, 'stopped');
        assert.ok(performance.now() - started < 10_000);
        assert.equal(stream.bus.story(), 'closed:stopped!');
      } finally {
        await proxy.stop();
      }
    });
  });

  describe(`HLS with ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    let server: HlsServer;
    let folder: string;
    let publisher: Publisher;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'logowatch-hls-'));
      publisher = publishHls(folder, { ffmpeg: publisherFfmpeg });
      server = new HlsServer({ folder, credentials: `viewer:${SECRET}` });
      await server.start();
    });
    after(async () => {
      await publisher.kill();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    const url = () => server.url('live.m3u8', `viewer:${SECRET}`);
    const more = (stream: Supervised, count = 5) => {
      const seen = stream.bus.frames.length;
      return until('more frames', () => stream.bus.frames.length >= seen + count);
    };

    it('waits for the publisher, then reads with programme date-times', async () => {
      const stream = watch(url(), ffmpeg);
      await more(stream, 10);
      const [reader] = readers();
      assert.ok(reader && !reader.commandLine.includes(SECRET));
      const frame = stream.bus.frames.findLast(({ clock }) => clock === 'program-date-time');
      assert.ok(frame, 'the programme date-time is known');
      // Segments of 1 s, at most six of them in the list.
      assert.ok(frame.arrivalMs - frame.wallTimeMs > -1_500 && frame.arrivalMs - frame.wallTimeMs < 10_000);
      await stream.stop();
      assertSilentOn(SECRET, stream);
    });

    it('comes back after the server was away', async () => {
      const stream = watch(url(), ffmpeg);
      await more(stream);
      await server.stop();
      await until('unreachable', () => stream.bus.story().includes('gap:unreachable'), 30_000);
      await server.start();
      await more(stream);
      assertSessions(stream, 2);
    });

    it('notices a publisher that stands still', async () => {
      const stream = watch(url(), ffmpeg, { stallTimeoutMs: 4_000 });
      await more(stream);
      process.kill(publisher.pid, 'SIGSTOP');
      await until('a stall is noticed', () => stream.bus.story().includes('gap:stalled'));
      process.kill(publisher.pid, 'SIGCONT');
      await more(stream);
      assertSessions(stream, 2);
    });

    it('asks once with a wrong password', async () => {
      const before = server.requests.length;
      const stream = watch(server.url('live.m3u8', 'viewer:wr0ngpass'), ffmpeg);
      await assert.rejects(stream.result, { code: 'source-unauthorized' });
      assert.equal(server.requests.length - before, 1);
      assertSilentOn('wr0ngpass', stream);
    });
  });
}
