import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Topic } from '../../src/bus/bus.js';
import { KafkaBus } from '../../src/bus/kafka/kafka-bus.js';
import type { Wire } from '../../src/bus/kafka/wire.js';
import { LogowatchError } from '../../src/core/errors.js';
import { type InternalEvent, RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { record } from '../contract/bus.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';
import { until } from '../support/wait.js';

const POISON = 13;
const wire: Wire = {
  encode: async (_topic, value) => ({ value: Buffer.from(JSON.stringify(value)), headers: {} }),
  decode: async (topic, bytes) => {
    const value = JSON.parse(bytes.toString());
    if (value === POISON) throw new LogowatchError('message-invalid', `${topic.name}: poison`);
    return value;
  },
};

describe('a reader of Kafka tells', { skip: withoutKafka(), timeout: 120_000 }, () => {
  let broker: TestBroker;
  before(async () => {
    broker = await TestBroker.start();
  });
  after(() => broker?.stop());

  type Of<T extends InternalEvent['type']> = Extract<InternalEvent, { type: T }>;
  const told = <T extends InternalEvent['type']>({ events }: RecordingTelemetry, type: T): Of<T>[] =>
    events.filter((e): e is Of<T> => e.type === type);

  for (const terminal of [false, true])
    it(`how far it is behind and what it commits${terminal ? ', if it publishes nothing too' : ''}`, async () => {
      const telemetry = new RecordingTelemetry();
      const settings = { brokers: [broker.address], prefix: `meter-${terminal}.`, partitions: 1 };
      const bus = await KafkaBus.connect({ settings, wire, topics: ['in'], telemetry });
      const input: Topic<number> = { name: 'in' };
      const started = Date.now();
      await bus.send(
        input,
        Array.from({ length: 20 }, (_, i) => record('a', i)),
      );
      const behind = () => {
        const lag = told(telemetry, 'reader-lag').at(-1);
        return lag && { records: lag.waiting + lag.beyond, oldestMs: lag.oldestMs };
      };
      const reading = bus.subscribe(input, { group: 'g', maxRecords: 8, terminal });
      let seen = 0;
      for await (const batch of reading) {
        const { records = -1, oldestMs = 0 } = behind() ?? {};
        assert.equal(records, 20 - told(telemetry, 'batch-committed').length * 8);
        assert.ok(oldestMs >= started - 1_000 && oldestMs <= Date.now() + 1_000, String(oldestMs));
        await batch.commit();
        seen += batch.records.length;
        if (seen === 19) break;
      }
      await until('nothing is waiting', () => behind()?.oldestMs === undefined);
      assert.equal(behind()?.records, 0);
      const committed = told(telemetry, 'batch-committed');
      assert.deepEqual(
        committed.map(({ records, deadLetters }) => [records, deadLetters]),
        [
          [8, 0],
          [7, 1],
          [4, 0],
        ],
      );
      assert.ok(committed.every(({ durationMs, group }) => durationMs > 0 && group === 'g'));
      assert.equal(told(telemetry, 'reader-assigned')[0]?.partitions, 1);
      assert.deepEqual(told(telemetry, 'commit-failed'), []);
      await bus.close();
    });
});
