import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { npmFfmpeg, testFfmpegs } from '../support/ffmpegs.js';
import { children, openDescriptors, readers, zombies } from '../support/processes.js';
import { type Publisher, publishRtsp } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { supervise } from '../support/supervised.js';
import { until } from '../support/wait.js';

const RESTARTS = 200;
/** Bounds on what 150 restarts may add to what the first 50 took. */
const GROWTH_DESCRIPTORS_MAX = 8;
const GROWTH_RSS_BYTES_MAX = 48 << 20;

const publisherFfmpeg = await npmFfmpeg();

for (const ffmpeg of await testFfmpegs()) {
  describe(`${RESTARTS} restarts with ${ffmpeg.origin} ffmpeg ${ffmpeg.version}`, () => {
    let relay: RtspRelay;
    let publisher: Publisher;
    before(async () => {
      relay = new RtspRelay({ burstPackets: 40, dropAfterBurst: true });
      await relay.start();
      publisher = publishRtsp(relay.url('live/x'), { ffmpeg: publisherFfmpeg, gop: 5 });
      await relay.published('live/x', 40);
    });
    after(async () => {
      await publisher.kill();
      await relay.stop();
    });

    it('leaves no process, no descriptor and no memory behind', { timeout: 170_000 }, async () => {
      const streams = [0, 1].map(() => supervise(relay.url('live/x'), ffmpeg, { retryMs: 5 }));
      const sessions = () =>
        streams.reduce(
          (sum, { bus }) => sum + bus.facts.filter(({ kind }) => kind === 'session-closed').length,
          0,
        );
      await until('the first sessions', () => sessions() >= 50, 80_000);
      const early = { rss: process.memoryUsage.rss(), descriptors: openDescriptors() };
      await until('the last sessions', () => sessions() >= RESTARTS, 160_000);
      const rss = process.memoryUsage.rss();
      for (const stream of streams) await stream.stop();
      await delay(200);
      assert.deepEqual(readers(), []);
      assert.deepEqual(zombies(), []);
      assert.deepEqual(
        children().map(({ pid }) => pid),
        [publisher.pid],
      );
      assert.ok(
        openDescriptors() - early.descriptors <= GROWTH_DESCRIPTORS_MAX,
        `${openDescriptors()} descriptors`,
      );
      assert.ok(rss - early.rss <= GROWTH_RSS_BYTES_MAX, `${(rss - early.rss) >> 20} MiB more`);
      for (const { bus } of streams) {
        const ids = bus.facts.filter(({ kind }) => kind === 'session-opened').map(({ session }) => session);
        assert.equal(new Set(ids).size, ids.length, 'every session has an id of its own');
      }
    });
  });
}
