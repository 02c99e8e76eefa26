import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { lastRevisions } from '../support/cli.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { withoutKafka } from '../support/kafka.js';
import { assertWhole, KafkaStages } from '../support/kafka-stages.js';
import { publishRtsp } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { until } from '../support/wait.js';

const DONE_MS = 90_000;

/** What happens to a stream between the camera and ingest while a logo is on screen, as seen behind Kafka. */
describe('a source that fails before stages joined by Kafka', {
  skip: withoutKafka(),
  timeout: 400_000,
}, () => {
  let kafka: KafkaStages;
  before(async () => {
    kafka = await KafkaStages.open();
  });
  after(() => kafka?.close());

  it('connections that break and streams that stall cost their time alone: nothing lost, doubled or counted twice', async (t) => {
    const relay = new RtspRelay({ burstPackets: 200 });
    await relay.start();
    const publisher = publishRtsp(relay.url('live/x'), { ffmpeg: await npmFfmpeg(), file: kafka.clip });
    const proxy = new FaultProxy(Number(new URL(relay.url('live/x').replace('rtsp', 'http')).port));
    await proxy.start();
    const source = `rtsp://127.0.0.1:${proxy.port}/live/x`;
    const stages = kafka.corner('source', { source, more: ['defaults: { stallTimeoutMs: 2000 }'] });
    try {
      stages.start('sink');
      stages.start('infer');
      const ingest = stages.start('ingest');
      const last = () => lastRevisions(stages.seen());
      const open = (): Appearance | undefined => last().find((e) => e.state !== 'ended');
      const endOf = (id: string): Appearance | undefined =>
        last().find((e) => e.id === id && e.state === 'ended');
      const sessions = () => new Set(last().map((e) => e.session)).size;

      /** Harms the connection while an appearance is open, and waits for one of a later session. */
      const harm = async (what: string, begin: () => void, end: () => void): Promise<void> => {
        await until(`an appearance is open, before ${what}`, () => open() !== undefined, DONE_MS);
        const { id } = open()!;
        const [had, from] = [sessions(), Date.now()];
        begin();
        await until(`it has ended: ${what}`, () => endOf(id) !== undefined, DONE_MS);
        end();
        await until(`the stream is back: ${what}`, () => sessions() > had, DONE_MS);
        t.diagnostic(`${what}: ${((Date.now() - from) / 1000).toFixed(1)} s until the next appearance`);
        const { endReason, endTime } = endOf(id)!;
        // It may have been about to end by itself.
        assert.ok(endReason === 'stream-lost' || endReason === 'gone', String(endReason));
        assert.ok(Date.parse(endTime) <= from + 1_500, `${endTime} is after ${new Date(from).toISOString()}`);
      };
      await harm(
        'a reset',
        () => proxy.reset(),
        () => undefined,
      );
      await harm(
        'a stall',
        () => {
          proxy.blackHole = true;
        },
        () => {
          proxy.blackHole = false;
          proxy.reset();
        },
      );
      await until('an appearance is open, before the end', () => open() !== undefined, DONE_MS);
      ingest.child.kill('SIGTERM');
      assert.equal((await ingest.ended).code, 0, ingest.text.stderr);
      await until('all has ended', () => open() === undefined, DONE_MS);

      const published = await stages.published();
      assertWhole(published);
      const name = ({ id, revision }: Appearance) => `${id} ${revision}`;
      assert.deepEqual([...new Set(stages.seen().map(name))].sort(), published.map(name).sort());
      assertApart(lastRevisions(published));
    } finally {
      await publisher.kill();
      await proxy.stop();
      await relay.stop();
    }
  });
});

/** A brand is on screen once at a time, and never for longer than the appearance lasts. */
function assertApart(appearances: readonly Appearance[]): void {
  for (const one of appearances) {
    assert.ok(one.exposureMs <= one.endPtsMs - one.startPtsMs + 1);
    for (const other of appearances) {
      if (other.id === one.id || other.label !== one.label) continue;
      const apart =
        Date.parse(other.startTime) >= Date.parse(one.endTime) ||
        Date.parse(one.startTime) >= Date.parse(other.endTime);
      assert.ok(apart, `${JSON.stringify(one)} overlaps ${JSON.stringify(other)}`);
    }
  }
}
