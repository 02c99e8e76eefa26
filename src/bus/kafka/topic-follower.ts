import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, KafkaMessage } from 'kafkajs';
import { describeError, LogowatchError } from '../../core/errors.js';
import type { Topic } from '../bus.js';
import type { KafkaAccess } from './kafka-bus.js';
import { readerSettings } from './settings.js';
import { END_HEADER, isPoison } from './slice.js';
import { settled } from './table.js';
import type { Wire } from './wire.js';

export interface FollowOptions<T> {
  readonly access: KafkaAccess;
  readonly wire: Wire;
  readonly topic: Topic<T>;
  /** Called for every record in the order of its partition; must not throw and not wait. */
  readonly onRecord: (value: T) => void;
}

const CLOSE_MS_MAX = 2_000;
/** A group on a new cluster waits for its coordinator. */
const JOIN_MS_MAX = 30_000;

/**
 * Hears of what is committed to a topic from now on, in all its partitions: every process has its own follower, and nothing is
 * committed for it. It holds nobody up, and a cluster that is away is waited for; a record may then be heard twice or be missed, so
 * that it is for what may be lost.
 */
export class TopicFollower<T> {
  readonly #options: FollowOptions<T>;
  readonly #group: string;
  readonly #consumer: Consumer;
  /** The offset after the last that was heard, by partition: after a rebalance it goes on there. */
  readonly #next = new Map<number, bigint>();

  private constructor(options: FollowOptions<T>) {
    this.#options = options;
    const { kafka, prefix } = options.access;
    this.#group = `${prefix}reader-${randomUUID()}`;
    this.#consumer = kafka.consumer(readerSettings(this.#group));
  }

  /** Resolves once it listens. Errors: bus-failed. */
  static async open<T>(options: FollowOptions<T>): Promise<TopicFollower<T>> {
    const follower = new TopicFollower(options);
    try {
      await follower.#open();
      return follower;
    } catch (cause) {
      await follower.close();
      throw new LogowatchError('bus-failed', 'What is committed to Kafka cannot be followed', {
        value: `${options.topic.name}: ${(cause as Error).message}`,
        remedy: 'Check that the brokers are up, and that the topic and groups named reader-* may be read',
        cause,
      });
    }
  }

  async close(): Promise<void> {
    const leave = async () => {
      await this.#consumer.disconnect();
      await this.#options.access.admin.deleteGroups([this.#group]);
    };
    await Promise.race([leave().catch(() => undefined), sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
  }

  async #open(): Promise<void> {
    const { access, topic } = this.#options;
    const name = access.prefix + topic.name;
    await this.#consumer.connect();
    for (const { partition, high } of await settled(() => access.admin.fetchTopicOffsets(name)))
      this.#next.set(partition, BigInt(high));
    const joined = new Promise<void>((resolve) => {
      this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => {
        for (const [partition, offset] of this.#next)
          this.#consumer.seek({ topic: name, partition, offset: String(offset) });
        resolve();
      });
    });
    let crash: Error | undefined;
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => {
      crash = payload.error;
    });
    await this.#consumer.subscribe({ topics: [name], fromBeginning: false });
    await this.#consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => this.#take(batch.partition, batch.messages),
    });
    const late = sleep(JOIN_MS_MAX, 'late' as const, { ref: false });
    if ((await Promise.race([joined, late])) === 'late')
      throw crash ?? new Error('the group was not joined in time');
  }

  async #take(partition: number, messages: readonly KafkaMessage[]): Promise<void> {
    const { topic, wire, onRecord, access } = this.#options;
    for (const { offset, value, headers } of messages) {
      if (BigInt(offset) < (this.#next.get(partition) ?? 0n)) continue;
      if (value !== null && headers?.[END_HEADER] === undefined) {
        try {
          onRecord((await wire.decode(topic, value)) as T);
        } catch (error) {
          if (!isPoison(error)) throw error;
          const reason = describeError(error).slice(0, 500);
          access.telemetry?.emit({ type: 'record-rejected', topic: topic.name, reason });
        }
      }
      this.#next.set(partition, BigInt(offset) + 1n);
    }
  }
}
