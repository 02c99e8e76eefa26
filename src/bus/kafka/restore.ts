import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import type { Topic } from '../bus.js';
import type { OwnedPartition } from './partition.js';
import { MESSAGE_BYTES_MAX } from './settings.js';
import type { Wire } from './wire.js';

/** On the record that a new owner writes before it reads: behind it there is nothing of an owner before. */
const RESTORED_HEADER = 'logowatch-restored';
const RESTORE_MS_MAX = 60_000;

/**
 * Fills a partition's states from the compacted topic that they are committed to. The states of a stream lie in the partition of
 * the same number as its records: both topics have as many partitions, and the key is the same.
 */
export async function restoreStates(
  { kafka, admin, wire }: { readonly kafka: Kafka; readonly admin: Admin; readonly wire: Wire },
  owned: OwnedPartition,
  topic: Topic<unknown>,
  name: string,
): Promise<void> {
  const { partition } = owned.key;
  const mark = randomUUID();
  // A record of its own for each partition and value, so that compaction keeps one of them.
  const key = `restored-${partition}`;
  await owned.publish([
    {
      topic: name,
      message: { key, value: Buffer.alloc(0), headers: { [RESTORED_HEADER]: mark }, partition },
    },
  ]);
  const groupId = `${owned.key.group}-restore-${mark}`;
  const consumer = kafka.consumer({
    groupId,
    maxBytesPerPartition: MESSAGE_BYTES_MAX,
    maxWaitTimeInMs: 50,
    allowAutoTopicCreation: false,
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [name], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`states of ${name}/${partition} not read in time`)),
        RESTORE_MS_MAX,
      );
      const done = (error?: unknown): void => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      };
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        const others = (payload.memberAssignment[name] ?? []).filter((p) => p !== partition);
        consumer.pause([{ topic: name, partitions: others }]);
      });
      consumer.on(consumer.events.CRASH, ({ payload }) => done(payload.error));
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch, resolveOffset }) => {
            if (batch.partition !== partition) return;
            for (const message of batch.messages) {
              const mine = message.headers?.[RESTORED_HEADER];
              if (mine !== undefined) {
                if (String(mine) === mark) done();
                continue;
              }
              const stream = message.key?.toString() ?? '';
              if (message.value === null) owned.states.delete(stream);
              else owned.states.set(stream, await wire.decode(topic, message.value));
            }
            resolveOffset(batch.lastOffset());
          },
        })
        .catch(done);
    });
  } finally {
    await consumer.disconnect().catch(() => undefined);
    await admin.deleteGroups([groupId]).catch(() => undefined);
  }
}
