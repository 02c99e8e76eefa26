import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, type KafkaMessage, Partitioners, type Producer } from 'kafkajs';
import { LogowatchError } from '../../core/errors.js';
import type { KafkaAccess } from './kafka-bus.js';
import { readerSettings } from './settings.js';

export interface TableRecord {
  /** Without the prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** Null: the key is forgotten. */
  readonly value: Buffer | null;
  /** When it was written, ms since the epoch. */
  readonly timestampMs: number;
}

export interface TableOptions {
  readonly access: KafkaAccess;
  /** Compacted topics, without the prefix. */
  readonly topics: readonly string[];
  /** Called for every record in the order of its partition, each once. */
  readonly onRecord: (record: TableRecord) => void;
}

const CATCH_UP_MS_MAX = 30_000;
/** Compaction may have taken the last record: so long without any more is the end too. */
const QUIET_MS = 3_000;
const SETTLE_MS_MAX = 10_000;
const PUT_MS_MAX = 30_000;
const CLOSE_MS_MAX = 2_000;

/** Compacted topics that every process reads as a whole, all partitions of them, and any may write. */
export class KafkaTable {
  readonly #options: TableOptions;
  readonly #group: string;
  readonly #consumer: Consumer;
  readonly #producer: Producer;
  /** The offset after the last that was read, by topic and partition. */
  readonly #next = new Map<string, bigint>();
  readonly #waiting = new Set<() => void>();
  #readMs = performance.now();

  private constructor(options: TableOptions) {
    this.#options = options;
    const { kafka, prefix } = options.access;
    this.#group = `${prefix}reader-${randomUUID()}`;
    this.#consumer = kafka.consumer(readerSettings(this.#group));
    this.#producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
  }

  /** Resolves once everything that was there has been read. Errors: bus-failed. */
  static async open(options: TableOptions): Promise<KafkaTable> {
    const table = new KafkaTable(options);
    try {
      await table.#open();
      return table;
    } catch (cause) {
      await table.close();
      throw failed('The streams on Kafka cannot be read', cause);
    }
  }

  /** Resolves once this process has read it back. Errors: bus-failed. */
  async put(topic: string, key: string, value: Buffer | null): Promise<void> {
    const put = async () => {
      const name = this.#options.access.prefix + topic;
      const [sent] = await this.#producer.send({ topic: name, acks: -1, messages: [{ key, value }] });
      await this.#read(`${name}/${sent?.partition}`, BigInt(sent?.baseOffset ?? 0));
    };
    const work = put();
    work.catch(() => undefined);
    const late = sleep(PUT_MS_MAX, 'late' as const, { ref: false });
    const done = await Promise.race([work, late]).catch((cause: unknown) => {
      throw failed('Kafka did not take a change of the streams', cause);
    });
    if (done === 'late') throw failed('Kafka did not take a change of the streams', new Error('no answer'));
  }

  /** Without waiting for more than the cluster's word. */
  async say(topic: string, key: string, value: Buffer | null): Promise<void> {
    await this.#producer.send({ topic: this.#options.access.prefix + topic, messages: [{ key, value }] });
  }

  async close(): Promise<void> {
    const { admin } = this.#options.access;
    const leave = async () => {
      await Promise.all([this.#consumer.disconnect(), this.#producer.disconnect()]);
      await admin.deleteGroups([this.#group]);
    };
    await Promise.race([leave().catch(() => undefined), sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
  }

  async #open(): Promise<void> {
    const { access, topics } = this.#options;
    const names = topics.map((topic) => access.prefix + topic);
    await Promise.all([this.#producer.connect(), this.#consumer.connect()]);
    const ends = await Promise.all(names.map((name) => settled(() => access.admin.fetchTopicOffsets(name))));
    let joined = false;
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => {
      joined = true;
      this.#readMs = performance.now();
    });
    await this.#consumer.subscribe({ topics: names, fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => this.#take(batch.topic, batch.partition, batch.messages),
    });
    const behind = () =>
      ends.some((partitions, i) =>
        partitions.some(
          ({ partition, low, high }) =>
            BigInt(high) > BigInt(low) && (this.#next.get(`${names[i]}/${partition}`) ?? 0n) < BigInt(high),
        ),
      );
    const deadline = performance.now() + CATCH_UP_MS_MAX;
    while (behind() && !(joined && performance.now() - this.#readMs > QUIET_MS)) {
      if (performance.now() > deadline) throw new Error('not read in time');
      await sleep(20);
    }
  }

  #take(name: string, partition: number, messages: readonly KafkaMessage[]): void {
    this.#readMs = performance.now();
    const place = `${name}/${partition}`;
    const topic = name.slice(this.#options.access.prefix.length);
    for (const { offset, key, value, timestamp } of messages) {
      // A reader that lost its place in the group begins again: what it has read does not come back.
      if (BigInt(offset) < (this.#next.get(place) ?? 0n)) continue;
      this.#next.set(place, BigInt(offset) + 1n);
      const record = { topic, partition, key: key?.toString() ?? '', value, timestampMs: Number(timestamp) };
      this.#options.onRecord(record);
    }
    for (const wake of this.#waiting) wake();
  }

  #read(place: string, offset: bigint): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if ((this.#next.get(place) ?? 0n) <= offset) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** A topic that was made a moment ago may not have its leaders yet. */
export async function settled<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

const failed = (message: string, cause: unknown): LogowatchError =>
  new LogowatchError('bus-failed', message, {
    value: (cause as Error).message,
    remedy: 'Check that the brokers are up, and that the topics may be created or are there',
    cause,
  });
