import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Admin, type Kafka, Partitioners } from 'kafkajs';
import type { Topic } from '../../src/bus/bus.js';
import { offsetRange } from '../../src/bus/kafka/range.js';
import { RangeConsumer, type RangeOptions } from '../../src/bus/kafka/range-consumer.js';
import type { Wire } from '../../src/bus/kafka/wire.js';
import { LogowatchError } from '../../src/core/errors.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { connectAdmin, TestBroker, withoutKafka } from '../support/kafka.js';

/** Numbers as text; anything else is poison. */
const numbers: Wire = {
  encode: async (_topic, value) => ({ value: Buffer.from(JSON.stringify(value)), headers: {} }),
  decode: async (topic, bytes) => {
    const value = Number(bytes.toString());
    if (Number.isNaN(value)) throw new LogowatchError('message-invalid', `${topic.name}: no number`);
    return value;
  },
};
const topic: Topic<number> = { name: 'numbers' };
const PARTITIONS = 3;

describe('a range of a topic', { skip: withoutKafka(), timeout: 180_000 }, () => {
  let broker: TestBroker;
  let kafka: Kafka;
  let admin: Admin;

  before(async () => {
    broker = await TestBroker.start();
    ({ kafka, admin } = await connectAdmin(broker));
  });
  after(async () => {
    await admin?.disconnect();
    await broker?.stop();
  });

  /** A topic of its own; `at` is when a record is said to have been published. */
  async function filled(
    records: readonly { at: number; value: number | string; partition?: number }[],
  ): Promise<string> {
    const name = `t${randomUUID().slice(0, 8)}`;
    await admin.createTopics({
      // Kafka would delete what was published in 1970.
      topics: [
        {
          topic: name,
          numPartitions: PARTITIONS,
          configEntries: [{ name: 'retention.ms', value: '-1' }],
        },
      ],
      waitForLeaders: true,
    });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = records.map(({ at, value, partition = 0 }) => ({
      key: `stream-${partition}`,
      value: String(value),
      timestamp: String(at),
      partition,
    }));
    if (messages.length > 0) await producer.send({ topic: name, messages });
    await producer.disconnect();
    return name;
  }

  async function read(
    name: string,
    [fromMs, toMs]: readonly [number, number],
    over: Partial<RangeOptions> = {},
  ): Promise<{ values: number[]; rejected: number; done: number; size: number; cut: boolean }> {
    const range = await offsetRange(admin, name, { fromMs, toMs });
    const consumer = new RangeConsumer<number>(kafka, {
      topic,
      name,
      groupId: `${name}-${randomUUID()}`,
      range,
      wire: numbers,
      recordsMax: 2,
      wanted: () => true,
      telemetry: new RecordingTelemetry(),
      ...over,
    });
    const result = { values: [] as number[], rejected: 0, done: 0 };
    for await (const batch of consumer.batches()) {
      result.values.push(...batch.values);
      result.rejected += batch.rejected;
      result.done = batch.done;
    }
    return { ...result, size: range.size, cut: range.cut };
  }

  it('holds what was published in it, without its end', async () => {
    const at = (value: number) => ({ at: 1000 * value, value, partition: value % PARTITIONS });
    const name = await filled([1, 2, 3, 4, 5, 6, 7, 8, 9].map(at));
    const { values, done, size, cut } = await read(name, [3000, 8000]);
    assert.deepEqual(values.sort(), [3, 4, 5, 6, 7]);
    assert.deepEqual([done, size, cut], [5, 5, false]);
    const all = await read(name, [0, Date.now()], { wanted: (key) => key === 'stream-1' });
    assert.deepEqual(all.values, [1, 4, 7]);
  });

  it('is empty where nothing was published, and ends', async () => {
    assert.deepEqual((await read(await filled([]), [0, Date.now()])).values, []);
    const name = await filled([{ at: 5000, value: 5 }]);
    assert.deepEqual((await read(name, [0, 5000])).values, []);
    assert.deepEqual((await read(name, [5001, Date.now()])).values, []);
  });

  it('is what transactions have committed, and ends although the last offsets are their marks', async () => {
    const name = await filled([{ at: Date.now(), value: 0 }]);
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: name,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (const [value, kept] of [
      [1, true],
      [2, false],
      [3, true],
      [4, false],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: name, messages: [{ key: 'a', value: String(value), partition: 0 }] });
      await (kept ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    assert.deepEqual((await read(name, [0, Date.now() + 1000])).values, [0, 1, 3]);
  });

  it('goes on behind a message that nobody can read, and counts it', async () => {
    const name = await filled([1, 'no number', 3].map((value, i) => ({ at: 1000 + i, value })));
    const { values, rejected } = await read(name, [0, 10_000]);
    assert.deepEqual([values, rejected], [[1, 3], 1]);
  });

  it('says when what was before it is gone', async () => {
    const name = await filled([1, 2, 3, 4].map((value) => ({ at: 1000 * value, value })));
    // kafkajs has to have heard of the topic before.
    await admin.fetchTopicOffsets(name);
    await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '2' }] });
    const { values, cut } = await read(name, [0, 10_000]);
    assert.deepEqual([values, cut], [[3, 4], true]);
    assert.equal((await read(name, [4000, 10_000])).cut, false);
  });

  it('of a topic that is not there is an error that names it', async () => {
    await assert.rejects(
      offsetRange(admin, 'nowhere', { fromMs: 0, toMs: 1 }),
      (e) => e instanceof LogowatchError && e.code === 'bus-failed' && e.value === 'nowhere',
    );
  });

  it('ends at once when its reader has enough', async () => {
    const name = await filled(Array.from({ length: 50 }, (_, i) => ({ at: 1000, value: i })));
    const stop = new AbortController();
    const range = await offsetRange(admin, name, { fromMs: 0, toMs: 2000 });
    const options = { topic, name, groupId: name, range, wire: numbers, recordsMax: 2, wanted: () => true };
    const telemetry = new RecordingTelemetry();
    const consumer = new RangeConsumer<number>(kafka, { ...options, telemetry, signal: stop.signal });
    const seen: number[] = [];
    for await (const { values } of consumer.batches()) {
      seen.push(...values);
      stop.abort();
    }
    assert.deepEqual(seen, [0, 1]);
  });
});
