import { randomUUID } from 'node:crypto';
import { after, before, describe } from 'node:test';
import type { Topic } from '../../src/bus/bus.js';
import { KafkaBus } from '../../src/bus/kafka/kafka-bus.js';
import type { Wire } from '../../src/bus/kafka/wire.js';
import { LogowatchError } from '../../src/core/errors.js';
import { busContract } from '../contract/bus.js';
import { TestBroker, withoutKafka } from '../support/kafka.js';

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
});
