import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { AvroWire } from '../../src/bus/kafka/avro-wire.js';
import { openKafka } from '../../src/bus/kafka/config.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import { repoRoot } from '../../src/core/root.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { makeAppearance, makeEvent } from '../sink/events.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';
import { pythonWith, runPython } from '../support/python.js';
import { TestRegistry, withoutRegistry } from '../support/registry.js';

const folder = join(repoRoot(), 'examples', 'python');
const without = withoutKafka() || withoutRegistry();
const python = without || pythonWith(join(folder, 'requirements.txt'));
const skip = typeof python === 'string' ? python : false;

/** Every symbol and every null that an event may hold. */
const published: Appearance[] = [
  ...makeAppearance('a1'),
  ...makeAppearance('a2', 1),
  makeEvent('b', 0, 'started', {
    streamId: 'sports',
    clock: 'program-date-time',
    startTime: '2026-01-02T03:04:05.000Z',
  }),
  makeEvent('b', 1, 'ended', { streamId: 'sports', clock: 'file', endReason: 'stream-lost', label: 'Köln' }),
  makeEvent('c', 0, 'ended', { streamId: 'third', clock: 'rtcp', endReason: 'session-end' }),
];
const wanted = published.filter(
  ({ id, revision }) => !published.some((later) => later.id === id && later.revision > revision),
);
const byId = (events: readonly Appearance[]) => [...events].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('a reader in Python', { skip, timeout: 180_000 }, () => {
  let broker: TestBroker;
  let registry: TestRegistry;
  before(async () => {
    broker = await TestBroker.start();
    registry = await TestRegistry.start();
  });
  after(async () => {
    await registry?.stop();
    await broker?.stop();
  });

  /** As a stage that died in the middle of a transaction leaves it: rolled back, never said. */
  async function rolledBack(topic: string, wire: AvroWire): Promise<void> {
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({
      idempotent: true,
      transactionalId: topic,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    const { value } = await wire.encode(topics.appearances, makeEvent('a1', 9, 'ended'));
    await transaction.send({ topic, messages: [{ key: 'news 1', value }] });
    await transaction.abort();
    await producer.disconnect();
  }

  for (const framing of ['single-object encoding', 'a registry'])
    it(`has the last revision of each appearance, as published by ${framing}`, async () => {
      const prefix = framing === 'a registry' ? 'r.' : 's.';
      const registered = framing === 'a registry' ? { registry: { url: registry.url } } : {};
      const section = { brokers: [broker.address], prefix, partitions: 3, ...registered };
      const bus = await openKafka(section, new RecordingTelemetry());
      for (const value of published) await bus.send(topics.appearances, [{ key: value.streamId, value }]);
      await rolledBack(`${prefix}appearances`, new AvroWire(registered.registry, prefix));
      // The end of a topic is marked by records without a value, for readers in the same process.
      const read = bus.subscribe(topics.appearances, { group: 'g', maxRecords: 64, terminal: true });
      await bus.end(topics.appearances);
      for await (const batch of read) await batch.commit();
      await bus.close();

      const args = ['--brokers', broker.address, '--topic', `${prefix}appearances`];
      args.push('--schemas', join(repoRoot(), 'schemas'));
      if (framing === 'a registry') args.push('--registry', registry.url);
      const script = join(folder, 'read_appearances.py');
      const { code, stdout, stderr } = runPython(python as { path: string }, [script, ...args]);
      assert.equal(code, 0, stderr);
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Appearance);
      assert.deepEqual(byId(events), byId(wanted));
    });
});
