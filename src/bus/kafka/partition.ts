import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type Kafka, Partitioners, type Producer, type Transaction } from 'kafkajs';
import { LogowatchError } from '../../core/errors.js';
import { type Asked, orRefusal, refusal } from './refusal.js';
import { byTopic, type EncodedMessage } from './sender.js';

const CONCURRENT_TRIES_MAX = 100;

/** One consumer group's hold on one partition. */
export interface PartitionKey {
  /** As Kafka knows them, prefix included. */
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

export interface Publication {
  readonly topic: string;
  readonly message: EncodedMessage;
}

/**
 * The right to read one partition and to publish what follows from it: outputs and the offset in one transaction.
 * Groups alone do not keep out a consumer that was taken for dead; the transactional id does: whoever opens a partition
 * next ends every transaction of the one before, and only then asks where to go on.
 */
export class OwnedPartition {
  readonly key: PartitionKey;
  /** The first offset that is not committed. */
  next: bigint;
  /** What the reader keeps of each key, as of `next`. */
  readonly states = new Map<string, unknown>();
  readonly #producer: Producer;
  /** Begun already: it is the first transaction that makes a producer known to its coordinator, not the connection. */
  #begun: Transaction | undefined;
  #lost = false;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(key: PartitionKey, producer: Producer, begun: Transaction, next: bigint) {
    this.key = key;
    this.#producer = producer;
    this.#begun = begun;
    this.next = next;
  }

  static async open(
    kafka: Kafka,
    admin: Admin,
    key: PartitionKey,
    transactionTimeout: number,
  ): Promise<OwnedPartition> {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      transactionalId: transactionalId(key),
      transactionTimeout,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
      // From here on the coordinator takes nothing from the owner before; only now its last offset is sure.
      const begun = await producer.transaction();
      return new OwnedPartition(key, producer, begun, await committedOffset(admin, key));
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      return orRefusal({ ...asked(key, []), heard: true })(error);
    }
  }

  /** Nothing that this owner has begun is under way any more. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /**
   * Publishes and moves the offset to `next`, both or neither, after what was begun before. Throws `partition-lost` when
   * another consumer has the partition, or when nobody can say what became of it: then it has to be opened anew.
   */
  commit(messages: readonly Publication[], next: bigint): Promise<void> {
    const done = this.#last.then(() => this.#commit(messages, next));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #commit(messages: readonly Publication[], next: bigint): Promise<void> {
    if (this.#lost) throw this.#lostError();
    const { group, topic, partition } = this.key;
    const transaction = await this.#begin().catch((cause: unknown) => this.#lose(cause, messages));
    try {
      if (messages.length > 0) await transaction.sendBatch({ topicMessages: byTopic(messages), acks: -1 });
      const offsets = [{ topic, partitions: [{ partition, offset: String(next) }] }];
      await unlessConcurrent(() => transaction.sendOffsets({ consumerGroupId: group, topics: offsets }));
      await transaction.commit();
      this.next = next;
    } catch (cause) {
      await transaction.abort().catch(() => undefined);
      this.#lose(cause, messages);
    }
  }

  async #begin(): Promise<Transaction> {
    const begun = this.#begun;
    this.#begun = undefined;
    return begun ?? this.#producer.transaction();
  }

  #lose(cause: unknown, messages: readonly Publication[]): never {
    this.#lost = true;
    throw refusal(cause, { ...asked(this.key, messages), heard: true }) ?? this.#lostError(cause);
  }

  #lostError(cause?: unknown): LogowatchError {
    const { topic, partition } = this.key;
    return new LogowatchError(
      'partition-lost',
      'The partition has another owner, or its transaction failed',
      {
        value: `${topic}/${partition}${cause === undefined ? '' : `: ${(cause as Error).message}`}`,
        remedy: 'What was not committed is read again',
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  async close(): Promise<void> {
    this.#lost = true;
    await this.#last;
    await this.#producer.disconnect().catch(() => undefined);
  }

  /** Publishes outside of any reading, as this partition's owner: nobody after us lets it through. */
  async publish(messages: readonly Publication[]): Promise<void> {
    const transaction = await this.#begin();
    await transaction
      .sendBatch({ topicMessages: byTopic(messages), acks: -1 })
      .catch(orRefusal({ ...asked(this.key, messages), heard: true }));
    await transaction.commit();
  }
}

const transactionalId = ({ group, topic, partition }: PartitionKey): string =>
  `${group}-${topic}-${partition}`;

export function asked(key: PartitionKey, messages: readonly Publication[]): Asked {
  const topics = messages.length === 0 ? [key.topic] : [...new Set(messages.map(({ topic }) => topic))];
  return { topics, group: key.group, transactionalId: transactionalId(key) };
}

/** While the transaction before still closes, the coordinator wants to be asked again; kafkajs does so for records only. */
async function unlessConcurrent(ask: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const { type } = error as { type?: string };
      if (type !== 'CONCURRENT_TRANSACTIONS' || attempt >= CONCURRENT_TRIES_MAX) throw error;
      await sleep(Math.min(100, 2 ** attempt));
    }
  }
}

/** Where the group goes on in a partition; 0 where it has never been. */
export async function committedOffset(
  admin: Admin,
  { group, topic, partition }: PartitionKey,
): Promise<bigint> {
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const offset = found?.partitions.find((p) => p.partition === partition)?.offset ?? '-1';
  return BigInt(offset) < 0n ? 0n : BigInt(offset);
}

/** Publishes without a transaction, for a reader that has none: at least once. */
export async function publishOnce(kafka: Kafka, messages: readonly Publication[]): Promise<void> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  try {
    await producer.connect();
    await producer
      .sendBatch({ topicMessages: byTopic(messages), acks: -1 })
      .catch(orRefusal({ topics: messages.map(({ topic }) => topic) }));
  } finally {
    await producer.disconnect();
  }
}
