import { Kafka } from 'kafkajs';
import { LogowatchError } from '../../core/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { OutgoingRecord, Topic } from '../bus.js';
import { AvroWire } from './avro-wire.js';
import { type KafkaSection, kafkaAccess } from './config.js';
import { reach, unusable } from './kafka-bus.js';
import { Sender } from './sender.js';
import { clientConfig, KAFKA_DEFAULTS } from './settings.js';
import { createTopics } from './topic-settings.js';

/** Topics of a trial beside the live ones: the same names behind a longer prefix, so that whatever reads those can read them. */
export class SideTopics {
  /** Before the names of its topics. */
  readonly prefix: string;
  readonly #sender: Sender;

  private constructor(prefix: string, sender: Sender) {
    this.prefix = prefix;
    this.#sender = sender;
  }

  /**
   * Creates the topics where they are missing. Errors: bus-failed; usage where one holds records: events of two trials have
   * the same ids, and would be taken for revisions of each other.
   */
  static async open(
    section: KafkaSection,
    { name, topics, telemetry }: { name: string; topics: readonly string[]; telemetry: Telemetry },
  ): Promise<SideTopics> {
    const { settings } = await kafkaAccess(section);
    const prefix = `${settings.prefix ?? KAFKA_DEFAULTS.prefix}${name}.`;
    const kafka = new Kafka(clientConfig(settings, telemetry));
    const admin = kafka.admin();
    const sender = new Sender(kafka, new AvroWire(section.registry, prefix), prefix, telemetry);
    try {
      await reach(settings);
      await admin.connect();
      const { partitions = KAFKA_DEFAULTS.partitions, replicas } = settings;
      const there = new Set(await admin.listTopics());
      await createTopics(admin, topics, { prefix, partitions, replicas });
      for (const topic of topics.filter((t) => there.has(prefix + t))) {
        const offsets = await admin.fetchTopicOffsets(prefix + topic);
        if (offsets.some(({ high }) => high !== '0')) throw inUse(prefix + topic);
      }
      await sender.connect();
      return new SideTopics(prefix, sender);
    } catch (cause) {
      await sender.close();
      throw cause instanceof LogowatchError ? cause : unusable(settings, cause);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  send<T>(topic: Topic<T>, records: readonly OutgoingRecord<T>[]): Promise<void> {
    return this.#sender.send(topic, records);
  }

  close(): Promise<void> {
    return this.#sender.close();
  }
}

const inUse = (topic: string): LogowatchError =>
  new LogowatchError('usage', 'The side topic is in use already', {
    value: topic,
    remedy: 'Choose another name for --to-topics, or delete the topic',
  });
