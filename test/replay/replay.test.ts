import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Admin, type Kafka, Partitioners } from 'kafkajs';
import { AvroWire } from '../../src/bus/kafka/avro-wire.js';
import { TopicReader } from '../../src/bus/kafka/topic-reader.js';
import { topics } from '../../src/bus/topics.js';
import type { Appearance } from '../../src/core/appearance.js';
import type { DetectionRecord } from '../../src/core/detection.js';
import { LogowatchError } from '../../src/core/errors.js';
import { type ReplayOptions, replay } from '../../src/replay/replay.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { EPOCH_MS, marbles, play, spans } from '../infer/temporal-marbles.js';
import { connectAdmin, TestBroker, withoutKafka } from '../support/kafka.js';

const wire = new AvroWire(undefined, '');
/** Brand a for 1.6 s, then for 8 s; 20 s in all. */
const PROGRAMME = `(${'-'.repeat(10)}${'a'.repeat(8)}${'-'.repeat(22)}${'a'.repeat(40)}${'-'.repeat(20)}|`;

describe('a replay of detections', { skip: withoutKafka(), timeout: 180_000 }, () => {
  let broker: TestBroker;
  let kafka: Kafka;
  let admin: Admin;
  const readers: TopicReader[] = [];

  before(async () => {
    broker = await TestBroker.start();
    ({ kafka, admin } = await connectAdmin(broker));
  });
  after(async () => {
    for (const reader of readers) await reader.close();
    await admin?.disconnect();
    await broker?.stop();
  });

  /** Detections, and the appearances that followed live, each published when its frame was on air. */
  async function live(streams: readonly (readonly DetectionRecord[])[]): Promise<string> {
    const prefix = `t${randomUUID().slice(0, 8)}.`;
    const names = [topics.detections, topics.appearances].map(({ name }) => prefix + name);
    await admin.createTopics({
      // Kafka would delete what is so old.
      topics: names.map((topic) => ({
        topic,
        numPartitions: 3,
        configEntries: [{ name: 'retention.ms', value: '-1' }],
      })),
      waitForLeaders: true,
    });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    for (const records of streams) {
      let state: Parameters<typeof play>[2];
      for (const record of records) {
        const step = play([record], undefined, state);
        state = step.state;
        const timestamp = String(Math.round(record.wallTimeMs));
        const key = record.streamId;
        const messages = async (topic: { name: string }, values: readonly unknown[]) => ({
          topic: prefix + topic.name,
          messages: await Promise.all(
            values.map(async (value) => ({ key, timestamp, value: (await wire.encode(topic, value)).value })),
          ),
        });
        await producer.sendBatch({
          topicMessages: [
            await messages(topics.detections, [record]),
            await messages(topics.appearances, step.events),
          ],
        });
      }
    }
    await producer.disconnect();
    return prefix;
  }

  async function run(prefix: string, over: Partial<ReplayOptions> = {}) {
    const telemetry = new RecordingTelemetry();
    const reader = await TopicReader.open({ brokers: [broker.address], prefix }, telemetry);
    readers.push(reader);
    const events: Appearance[] = [];
    const result = await replay({
      reader,
      range: { fromMs: EPOCH_MS, toMs: EPOCH_MS + 60_000 },
      parameters: {},
      against: 'live',
      outputs: [{ write: async (written) => void events.push(...written) }],
      telemetry,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...over,
    });
    return { ...result, events };
  }

  const brief = ({ difference }: Awaited<ReturnType<typeof run>>) =>
    difference.map((d) => [
      d.label,
      d.beforeMs,
      d.afterMs,
      d.differenceMs,
      d.appearancesBefore,
      d.appearancesAfter,
    ]);

  it('with the settings that were live gives the same events', async () => {
    const records = marbles(PROGRAMME);
    const prefix = await live([records]);
    const result = await run(prefix);
    assert.deepEqual(result.events, play(records).events);
    assert.deepEqual(brief(result), [['a', 9600, 9600, 0, 2, 2]]);
    assert.deepEqual([result.records, result.rejected, result.cut], [records.length, 0, false]);
    assert.deepEqual(result.modelHashes, ['h']);
  });

  it('with others gives the difference, against what was live or against other settings', async () => {
    const prefix = await live([marbles(PROGRAMME)]);
    const parameters = { minFrames: 20 };
    for (const against of ['live', {}] as const)
      assert.deepEqual(brief(await run(prefix, { parameters, against })), [['a', 9600, 8000, -1600, 2, 1]]);
    const other = await run(prefix, { parameters: {}, against: parameters });
    assert.deepEqual(brief(other), [['a', 8000, 9600, 1600, 1, 2]]);
  });

  it('counts both sides in the time that was replayed, where the range cuts a session', async () => {
    const prefix = await live([marbles(PROGRAMME)]);
    // From 2 s after the second appearance began to 2 s before it ended.
    const range = { fromMs: EPOCH_MS + 10_000, toMs: EPOCH_MS + 14_001 };
    const result = await run(prefix, { range });
    assert.deepEqual(brief(result), [['a', 4000, 4000, 0, 1, 1]]);
    assert.deepEqual(spans(result.events), ['a 10000-14200 stopped 4200']);
  });

  it('takes the streams that are asked for, and names those that are there', async () => {
    const prefix = await live([marbles(PROGRAMME), marbles(PROGRAMME, { streamId: 'news' })]);
    const both = await run(prefix);
    assert.deepEqual(both.streams, ['news', 'tv']);
    const one = await run(prefix, { streams: new Set(['news']) });
    assert.deepEqual(one.streams, ['news']);
    assert.deepEqual(
      one.difference.map((d) => d.streamId),
      ['news'],
    );
    await assert.rejects(run(prefix, { streams: new Set(['sports']) }), (e) => {
      assert.ok(e instanceof LogowatchError);
      assert.deepEqual([e.code, e.remedy], ['range-empty', 'Streams there: news, tv']);
      return true;
    });
    const range = { fromMs: EPOCH_MS - 60_000, toMs: EPOCH_MS };
    await assert.rejects(run(prefix, { range }), (e) => (e as LogowatchError).code === 'range-empty');
  });

  it('stops when it is told to, and when an output fails', async () => {
    const prefix = await live([marbles(PROGRAMME)]);
    await assert.rejects(
      run(prefix, { signal: AbortSignal.abort() }),
      (e) => (e as LogowatchError).code === 'stopped',
    );
    const full = new LogowatchError('disk-full', 'full');
    const outputs = [{ write: () => Promise.reject(full) }];
    await assert.rejects(run(prefix, { outputs }), (e) => e === full);
  });

  it('leaves no group and no offset behind', async () => {
    const prefix = await live([marbles(PROGRAMME)]);
    await run(prefix);
    const { groups } = await admin.listGroups();
    assert.deepEqual(
      groups.filter(({ groupId }) => groupId.startsWith(prefix)),
      [],
    );
  });
});
