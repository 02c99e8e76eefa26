import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type { Topic } from '../../src/bus/bus.js';
import { KafkaBus } from '../../src/bus/kafka/kafka-bus.js';
import { committedOffset, OwnedPartition } from '../../src/bus/kafka/partition.js';
import type { Wire } from '../../src/bus/kafka/wire.js';
import { LogowatchError } from '../../src/core/errors.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { busContract, collect, record, valuesOf } from '../contract/bus.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';
import { until } from '../support/wait.js';

/** Numbers as text; anything else is poison. */
const numbers: Wire = {
  encode: async (_topic, value) => ({ value: Buffer.from(JSON.stringify(value)), headers: {} }),
  decode: async (topic, bytes) => {
    try {
      return JSON.parse(bytes.toString());
    } catch (cause) {
      throw new LogowatchError('message-invalid', `${topic.name}: no number`, { cause });
    }
  },
};

const skip = withoutKafka();

describe('on a real broker', { skip, timeout: 300_000 }, () => {
  let broker: TestBroker;
  before(async () => {
    broker = await TestBroker.start();
  });
  after(() => broker.stop());

  busContract(
    'KafkaBus',
    async () => {
      const settings = { brokers: [broker.address], prefix: `t${randomUUID().slice(0, 8)}.`, partitions: 3 };
      const [input, output]: Topic<number>[] = [{ name: 'in' }, { name: 'out' }];
      const bus = await KafkaBus.connect({ settings, wire: numbers, topics: ['in', 'out'] });
      return { bus, input: input!, output: output! };
    },
    { backPressure: false, redelivers: true, latencyMsMax: 5_000 },
  );

  const open = async (prefix: string, telemetry?: RecordingTelemetry) => {
    const settings = { brokers: [broker.address], prefix, partitions: 1 };
    return KafkaBus.connect({ settings, wire: numbers, topics: ['in', 'out', 'states'], telemetry });
  };
  const input: Topic<number> = { name: 'in' };
  const output: Topic<number> = { name: 'out' };
  const states: Topic<unknown> = { name: 'states' };
  const ownPrefix = () => `t${randomUUID().slice(0, 8)}.`;

  for (const terminal of [false, true])
    it(`poison goes to the dead letters, once, and the rest goes on${terminal ? ', for a reader that publishes nothing too' : ''}`, async () => {
      const [prefix, telemetry] = [ownPrefix(), new RecordingTelemetry()];
      const bus = await open(prefix, telemetry);
      const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
      const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
      await producer.connect();
      await bus.send(input, [record('a', 1)]);
      await producer.send({ topic: `${prefix}in`, messages: [{ key: 'a', value: 'no number' }] });
      await bus.send(input, [record('a', 2)]);
      await bus.end(input);
      const seen = await collect(bus.subscribe(input, { group: 'g', maxRecords: 8, terminal }));
      assert.deepEqual(valuesOf(seen, 'a'), [1, 2]);
      const letters: string[] = [];
      const reader = kafka.consumer({ groupId: `${prefix}test` });
      await reader.connect();
      await reader.subscribe({ topics: [`${prefix}dead-letters`], fromBeginning: true });
      await reader.run({ eachMessage: async ({ message }) => void letters.push(message.value!.toString()) });
      await until('a dead letter', () => letters.length > 0);
      assert.equal(letters.length, 1);
      const { topic, partition, offset, reason, bytes, sha256 } = JSON.parse(letters[0]!);
      assert.deepEqual([topic, partition, offset, bytes], [`${prefix}in`, 0, '1', 9]);
      assert.match(reason, /no number/);
      assert.equal(sha256, createHash('sha256').update('no number').digest('hex'));
      assert.equal(telemetry.events.filter((e) => e.type === 'record-rejected').length, 1);
      await Promise.all([producer.disconnect(), reader.disconnect(), bus.close()]);
    });

  it('whoever takes a partition over has its states, and goes on behind the last commit', async () => {
    const prefix = ownPrefix();
    const first = await open(prefix);
    await first.send(
      input,
      [1, 2, 3, 4].map((n) => record('a', n)),
    );
    const options = { group: 'g', maxRecords: 1, state: states };
    for await (const batch of first.subscribe(input, options)) {
      const sum = ((batch.state('a') as number | undefined) ?? 0) + batch.records[0]!.value;
      if (batch.records[0]!.value === 3) break;
      await batch.commit([
        { topic: output, records: [record('a', sum)] },
        { topic: states, records: [{ key: 'a', value: sum }] },
      ]);
    }
    await first.close();
    const second = await open(prefix);
    await second.end(input);
    const seen: [number, unknown][] = [];
    for await (const batch of second.subscribe(input, options)) {
      seen.push([batch.records[0]!.value, batch.state('a')]);
      await batch.commit([{ topic: states, records: [{ key: 'a', value: null }] }]);
    }
    assert.deepEqual(seen, [
      [3, 3],
      [4, undefined],
    ]);
    await second.close();
  });

  it('an owner that was taken for dead can commit nothing any more', async () => {
    const prefix = ownPrefix();
    const bus = await open(prefix);
    await bus.send(input, [record('a', 1), record('a', 2)]);
    const kafka = new Kafka({
      brokers: [broker.address],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20 },
    });
    const admin = kafka.admin();
    await admin.connect();
    const key = { group: `${prefix}g`, topic: `${prefix}in`, partition: 0 };
    const message = (value: string) => [
      { topic: `${prefix}out`, message: { key: 'a', value: Buffer.from(value), headers: {} } },
    ];
    const zombie = await OwnedPartition.open(kafka, admin, key, 10_000);
    await zombie.commit(message('1'), 1n);
    const heir = await OwnedPartition.open(kafka, admin, key, 10_000);
    assert.equal(heir.next, 1n);
    const isLost = (e: unknown) => e instanceof LogowatchError && e.code === 'partition-lost';
    await assert.rejects(zombie.commit(message('666'), 2n), isLost);
    await heir.commit(message('2'), 2n);
    // A transaction is over for its producer a moment before the group's offset is seen to move.
    for (let i = 0; i < 50 && (await committedOffset(admin, key)) !== 2n; i++) await sleep(100);
    assert.equal(await committedOffset(admin, key), 2n);
    await bus.end(output);
    const seen = await collect(bus.subscribe(output, { group: 'out', maxRecords: 8, terminal: true }));
    assert.deepEqual(valuesOf(seen, 'a'), [1, 2]);
    await Promise.all([zombie.close(), heir.close(), admin.disconnect(), bus.close()]);
  });

  it('old live records give way to newer ones of their key, and each is counted', async () => {
    const [prefix, telemetry] = [ownPrefix(), new RecordingTelemetry()];
    const bus = await open(prefix, telemetry);
    const live = (n: number) => ({ ...record('a', n), droppable: true });
    await bus.send(input, [record('a', 0), live(1), live(2), live(3)]);
    await sleep(700);
    await bus.send(input, [live(4), record('a', 5)]);
    await bus.end(input);
    const seen = await collect(bus.subscribe(input, { group: 'g', maxRecords: 8 }));
    assert.deepEqual(valuesOf(seen, 'a'), [0, 4, 5]);
    assert.equal(telemetry.events.filter((e) => e.type === 'frames-dropped').length, 3);
    await bus.close();
  });

  it('what is too large for Kafka is refused by name, and what is sent beside it gets through', async () => {
    const prefix = ownPrefix();
    const settings = { brokers: [broker.address], prefix, partitions: 1 };
    const wire: Wire = {
      ...numbers,
      encode: async (_, value) => ({ value: Buffer.alloc(Number(value), 49), headers: {} }),
    };
    const bus = await KafkaBus.connect({ settings, wire, topics: ['in'] });
    const [large, small] = await Promise.allSettled([
      bus.send(input, [record('a', 9_000_000)]),
      bus.send(input, [record('a', 2)]),
    ]);
    assert.ok(large?.status === 'rejected' && large.reason instanceof LogowatchError);
    assert.match(large.reason.message, /larger than Kafka takes/);
    assert.equal(small?.status, 'fulfilled');
    await bus.end(input);
    const seen = await collect(bus.subscribe(input, { group: 'g', maxRecords: 8 }));
    assert.deepEqual(valuesOf(seen, 'a'), [11]);
    await bus.close();
  });

  it('a cluster that is not there is an error that names it', async () => {
    const settings = { brokers: ['127.0.0.1:1'], connectTries: 2 };
    await assert.rejects(
      KafkaBus.connect({ settings, wire: numbers, topics: [] }),
      (e) => e instanceof LogowatchError && e.code === 'bus-failed' && /127\.0\.0\.1:1/.test(e.value ?? ''),
    );
  });
});
