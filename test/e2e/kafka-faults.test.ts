import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type { Appearance } from '../../src/core/appearance.js';
import { repoRoot } from '../../src/core/root.js';
import { startReceiver } from '../sink/receiver.js';
import { lastRevisions, type RunningCli, readEvents, runCli } from '../support/cli.js';
import { withoutKafka } from '../support/kafka.js';
import {
  assertUndisturbed,
  assertWhole,
  ended,
  inOrder,
  isOpenAndNew,
  KafkaStages,
  model,
  type Shown,
  type Stages,
} from '../support/kafka-stages.js';
import { mountSmall, unmount } from '../support/small-disk.js';
import { until } from '../support/wait.js';

const DONE_MS = 120_000;
const preload = pathToFileURL(join(repoRoot(), 'test', 'support', 'preload', 'disturb.mjs')).href;
const disturbedBy = (what: 'block' | 'clock') => ({ NODE_OPTIONS: `--import=${preload}`, DISTURB: what });

/** Rows of the fault matrix; each happens while an appearance is open, and must cost nothing. */
describe('faults between stages joined by Kafka', { skip: withoutKafka(), timeout: 900_000 }, () => {
  let kafka: KafkaStages;
  let undisturbed: Shown[];
  let appearances = 0;

  before(async () => {
    kafka = await KafkaStages.open();
    const events = kafka.path('in-process.jsonl');
    const watched = await runCli('watch', kafka.clip, '--model', model, '--events', events);
    assert.equal(watched.code, 0, watched.stderr);
    appearances = lastRevisions(readEvents(events)).length;
    const stages = await filled('undisturbed');
    stages.start('infer');
    await until('all is seen', () => isOver(stages.seen()), DONE_MS);
    undisturbed = inOrder(stages.seen());
    assert.ok(undisturbed.length >= 4, 'too little is shown to compare');
  });
  after(() => kafka?.close());

  const isOver = (events: readonly Appearance[]): boolean => ended(events) >= appearances;

  async function filled(name: string, options?: Parameters<KafkaStages['corner']>[1]): Promise<Stages> {
    const stages = kafka.corner(name, options);
    stages.start('sink');
    const source = await stages.start('ingest').ended;
    assert.equal(source.code, 0, source.stderr);
    return stages;
  }

  /** Disturbs a stage once an appearance is open; what comes out in the end is what came without. */
  async function disturb(
    t: TestContext,
    stages: Stages,
    infer: RunningCli,
    harm: (infer: RunningCli) => Promise<void>,
  ): Promise<void> {
    await until('an appearance is open', () => isOpenAndNew(stages.seen(), 0), DONE_MS);
    await harm(infer);
    const harmed = performance.now();
    const before = stages.seen().length;
    await until('it goes on', () => stages.seen().length > before, DONE_MS);
    t.diagnostic(`${((performance.now() - harmed) / 1000).toFixed(1)} s until the next event`);
    await until('all is seen', () => isOver(stages.seen()), DONE_MS);
    await assertUndisturbed(stages, undisturbed);
  }

  it('an event loop that stands still for longer than a session', async (t) => {
    const stages = await filled('blocked');
    const infer = stages.start('infer', 0, disturbedBy('block'));
    await disturb(t, stages, infer, async ({ child }) => {
      child.kill('SIGUSR2');
      stages.start('infer');
    });
  });

  it('a broker that stands still for 8 s', async (t) => {
    const stages = await filled('paused');
    await disturb(t, stages, stages.start('infer'), async () => {
      kafka.broker.signal('SIGSTOP');
      await sleep(8_000);
      kafka.broker.signal('SIGCONT');
    });
  });

  it('a wall clock that jumps by hours', async (t) => {
    const stages = await filled('clock');
    await disturb(t, stages, stages.start('infer', 0, disturbedBy('clock')), async ({ child }) => {
      child.kill('SIGUSR2');
      await sleep(1_000);
      child.kill('SIGUSR2');
    });
  });

  it('members that join and leave all the time', async (t) => {
    const stages = await filled('storm');
    let over = false;
    const storm = (async () => {
      for (let i = 0; i < 6 && !over; i++) {
        const guest = stages.start('infer');
        await sleep(4_000);
        guest.child.kill(i % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
        await guest.ended;
      }
    })();
    await disturb(t, stages, stages.start('infer'), async () => undefined);
    over = true;
    await storm;
    await assertUndisturbed(stages, undisturbed);
  });

  it('a transaction whose producer is gone holds readers up, and then is as if it had never been', async (t) => {
    const stages = await filled('orphan');
    await disturb(t, stages, stages.start('infer'), async () => {
      const client = new Kafka({ brokers: [kafka.broker.address], logLevel: logLevel.NOTHING });
      const producer = client.producer({
        transactionalId: 'orphan',
        transactionTimeout: 10_000,
        maxInFlightRequests: 1,
        idempotent: true,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      const messages = [0, 1, 2].map((partition) => ({ partition, key: 'clip', value: 'never committed' }));
      await transaction.send({ topic: 'orphan.appearances', messages });
      await producer.disconnect();
    });
  });

  it('a receiver that is down, and a sink that is killed meanwhile: all is delivered', async (t) => {
    let down = true;
    const receiver = await startReceiver((response) => response.writeHead(down ? 503 : 204).end());
    try {
      const stages = kafka.corner('sink-down', { sink: `{ type: webhook, url: "${receiver.url}" }` });
      const sink = stages.start('sink');
      assert.equal((await stages.start('ingest').ended).code, 0);
      stages.start('infer');
      await until('it is tried', () => receiver.requests.length >= 2, DONE_MS);
      sink.child.kill('SIGKILL');
      await sink.ended;
      stages.start('sink');
      await sleep(10_000);
      down = false;
      const up = performance.now();
      const had = (): Appearance[] => receiver.accepted.map(({ event }) => event.data as Appearance);
      await until('something is taken', () => had().length > 0, DONE_MS);
      t.diagnostic(`${((performance.now() - up) / 1000).toFixed(1)} s until the first delivery`);
      // A webhook has the start and the end of each.
      await until('all is delivered', () => isOver(had()), DONE_MS);
      assert.deepEqual(inOrder(had()), undisturbed);
      const once = new Set(receiver.accepted.map(({ event }) => event.id));
      assert.equal(once.size, 2 * undisturbed.length);
    } finally {
      await receiver.close();
    }
  });

  it('a disk that is full: nothing is torn, and all is there once there is space', async (t) => {
    const disk = kafka.path('disk');
    mkdirSync(disk);
    if (!mountSmall(disk, '64k')) return t.skip('no small disk can be mounted here');
    const [filler, file] = [join(disk, 'filler'), join(disk, 'events.jsonl')];
    const stages = kafka.corner('full', { sink: `{ type: jsonl, path: "${file}" }` });
    const sink = stages.start('sink');
    try {
      writeFileSync(filler, Buffer.alloc(60_000));
      assert.equal((await stages.start('ingest').ended).code, 0);
      stages.start('infer');
      await sleep(15_000);
      rmSync(filler);
      const freed = performance.now();
      const seen = (): Appearance[] => {
        const text = readFileSync(file, 'utf8');
        const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
        return lines.filter((l) => l !== '').map((l) => JSON.parse(l) as Appearance);
      };
      await until('all is seen', () => isOver(seen()), DONE_MS);
      t.diagnostic(`${((performance.now() - freed) / 1000).toFixed(1)} s until all was written`);
      assert.deepEqual(inOrder(seen()), undisturbed);
      assertWhole(seen());
    } finally {
      sink.child.kill('SIGKILL');
      await sink.ended;
      unmount(disk);
    }
  });
});
