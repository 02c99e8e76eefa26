import { randomUUID } from 'node:crypto';
import { type Admin, Kafka } from 'kafkajs';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Topic } from '../bus.js';
import { type KafkaSection, kafkaAccess } from './config.js';
import { reach, unusable } from './kafka-bus.js';
import { type OffsetRange, offsetRange, type TimeRange } from './range.js';
import { type RangeBatch, RangeConsumer } from './range-consumer.js';
import { clientConfig, KAFKA_DEFAULTS, type KafkaSettings } from './settings.js';
import type { Wire } from './wire.js';

export interface ReadOptions {
  readonly recordsMax: number;
  /** Of the records' keys; default: all. */
  readonly wanted?: ((key: string) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads parts of topics that others write and read. It leaves the cluster as it is: no topic is created, nothing published,
 * no offset committed; its own groups are deleted.
 */
export class TopicReader {
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #wire: Wire;
  readonly #prefix: string;
  readonly #telemetry: Telemetry;

  private constructor(kafka: Kafka, settings: KafkaSettings, wire: Wire, telemetry: Telemetry) {
    this.#kafka = kafka;
    this.#admin = kafka.admin();
    this.#wire = wire;
    this.#prefix = settings.prefix ?? KAFKA_DEFAULTS.prefix;
    this.#telemetry = telemetry;
  }

  /** Errors: config-invalid, bus-failed. */
  static async open(section: KafkaSection, telemetry: Telemetry): Promise<TopicReader> {
    const { settings, wire } = await kafkaAccess(section);
    const reader = new TopicReader(new Kafka(clientConfig(settings, telemetry)), settings, wire, telemetry);
    try {
      await reach(settings);
      await reader.#admin.connect();
      return reader;
    } catch (cause) {
      await reader.close();
      throw unusable(settings, cause);
    }
  }

  /** Errors: bus-failed. */
  range(topic: Topic<unknown>, times: TimeRange): Promise<OffsetRange> {
    return offsetRange(this.#admin, this.#prefix + topic.name, times);
  }

  /** Whether there is such a topic, and anything of the range in it. */
  async holds(topic: Topic<unknown>, times: TimeRange): Promise<boolean> {
    const there = (await this.#admin.listTopics()).includes(this.#prefix + topic.name);
    return there && (await this.range(topic, times)).size > 0;
  }

  /** Ends at the range's end, or at the abort. Records of one key come in order. Errors: bus-failed. */
  async *read<T>(
    topic: Topic<T>,
    range: OffsetRange,
    { recordsMax, wanted = () => true, signal }: ReadOptions,
  ): AsyncGenerator<RangeBatch<T>> {
    const groupId = `${this.#prefix}replay-${randomUUID()}`;
    const consumer = new RangeConsumer<T>(this.#kafka, {
      topic,
      name: this.#prefix + topic.name,
      groupId,
      range,
      wire: this.#wire,
      recordsMax,
      wanted,
      telemetry: this.#telemetry,
      signal,
    });
    try {
      yield* consumer.batches();
    } finally {
      await this.#admin.deleteGroups([groupId]).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect().catch(() => undefined);
  }
}
