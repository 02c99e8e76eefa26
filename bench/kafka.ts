/**
 * Records through the bus on Kafka beside a bare kafkajs loop on the same broker: `node dist/bench/kafka.js [RECORDS] [KB]`.
 * Starts a broker of its own (Java and Maven). Both sides send RECORDS of KB kilobytes in batches of 64 with acks=all, then
 * read them with committed offsets, 64 at a time; what is read is not decoded.
 */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type { Topic } from '../src/bus/bus.js';
import { Commits } from '../src/bus/commits.js';
import { KafkaBus } from '../src/bus/kafka/kafka-bus.js';
import { MESSAGE_BYTES_MAX } from '../src/bus/kafka/settings.js';
import type { Wire } from '../src/bus/kafka/wire.js';
import { TestBroker } from '../test/support/kafka.js';
import { table } from './measure.js';

const [count = 6000, kilobytes = 60] = process.argv.slice(2).map(Number);
const PARTITIONS = 6;
const BATCH = 64;
const ROUNDS = 3;
const bytes = Buffer.alloc(kilobytes * 1000, 7);
const topic: Topic<Buffer> = { name: 'frames' };
const asIs: Wire = {
  encode: async (_topic, value) => ({ value: value as Buffer, headers: {} }),
  decode: async (_topic, value) => value,
};
const key = (i: number): string => `stream-${i % (4 * PARTITIONS)}`;

interface Seconds {
  readonly sending: number;
  readonly reading: number;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function bare(address: string): Promise<Seconds> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const name = `bare-${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  const config = [{ name: 'max.message.bytes', value: String(MESSAGE_BYTES_MAX) }];
  await admin.createTopics({ topics: [{ topic: name, numPartitions: PARTITIONS, configEntries: config }] });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const sending = await timed(async () => {
    for (let i = 0; i < count; i += BATCH) {
      const size = Math.min(BATCH, count - i);
      const messages = Array.from({ length: size }, (_, n) => ({ key: key(i + n), value: bytes }));
      await producer.send({ topic: name, messages, acks: -1 });
    }
  });
  const consumer = kafka.consumer({
    groupId: name,
    maxBytesPerPartition: MESSAGE_BYTES_MAX,
    maxWaitTimeInMs: 50,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [name], fromBeginning: true });
  let read = 0;
  const reading = await timed(
    () =>
      new Promise<void>((resolve, reject) => {
        consumer
          .run({
            autoCommit: false,
            partitionsConsumedConcurrently: 64,
            eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
              for (let i = 0; i < batch.messages.length; i += BATCH) {
                const part = batch.messages.slice(i, i + BATCH);
                const last = part.at(-1)!.offset;
                await consumer.commitOffsets([
                  { topic: name, partition: batch.partition, offset: String(BigInt(last) + 1n) },
                ]);
                resolveOffset(last);
                await heartbeat();
                read += part.length;
                if (read >= count) resolve();
              }
            },
          })
          .catch(reject);
      }),
  );
  await Promise.all([producer.disconnect(), consumer.disconnect(), admin.disconnect()]);
  return { sending, reading };
}

async function throughBus(address: string): Promise<Seconds> {
  const settings = { brokers: [address], prefix: `bus-${randomUUID()}.`, partitions: PARTITIONS };
  const bus = await KafkaBus.connect({ settings, wire: asIs, topics: [topic.name] });
  const sending = await timed(async () => {
    for (let i = 0; i < count; i += BATCH) {
      const size = Math.min(BATCH, count - i);
      await bus.send(
        topic,
        Array.from({ length: size }, (_, n) => ({ key: key(i + n), value: bytes })),
      );
    }
  });
  let read = 0;
  const commits = new Commits();
  const reading = await timed(async () => {
    for await (const batch of bus.subscribe(topic, { group: 'g', maxRecords: BATCH, terminal: true })) {
      read += batch.records.length;
      await commits.add(batch.commit());
      if (read >= count) break;
    }
    await commits.settle();
  });
  await bus.close();
  return { sending, reading };
}

const broker = await TestBroker.start();
try {
  const rounds: { bare: Seconds; bus: Seconds }[] = [];
  // The first round warms the broker up and is not counted.
  for (let i = 0; i <= ROUNDS; i++) {
    const round = { bare: await bare(broker.address), bus: await throughBus(broker.address) };
    if (i > 0) rounds.push(round);
  }
  const median = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const rate = (side: 'bare' | 'bus', what: keyof Seconds): number =>
    median(rounds.map((r) => count / r[side][what]));
  const row = (name: string, what: keyof Seconds): string[] => [
    name,
    rate('bare', what).toFixed(0),
    rate('bus', what).toFixed(0),
    median(rounds.map((r) => r.bare[what] / r.bus[what])).toFixed(2),
  ];
  const rows = [row('sent, acks=all', 'sending'), row('read and committed', 'reading')];
  process.stdout.write(
    `${table([[`${count} records of ${kilobytes} kB`, 'bare kafkajs, a second', 'bus, a second', 'ratio'], ...rows])}\n`,
  );
} finally {
  await broker.stop();
}
