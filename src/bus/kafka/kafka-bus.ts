import { randomUUID } from 'node:crypto';
import { type Admin, Kafka } from 'kafkajs';
import { LogowatchError } from '../../core/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Batch, Bus, OutgoingRecord, SubscribeOptions, Topic } from '../bus.js';
import { publishOnce } from './partition.js';
import { refusal } from './refusal.js';
import { closedError, Sender } from './sender.js';
import { clientConfig, KAFKA_DEFAULTS, type KafkaSettings } from './settings.js';
import { DEAD_LETTERS, END_HEADER } from './slice.js';
import { Subscription } from './subscription.js';
import { createTopics } from './topic-settings.js';
import type { Wire } from './wire.js';

export interface KafkaBusOptions {
  readonly settings: KafkaSettings;
  readonly wire: Wire;
  /** Topics that are created where they are missing, beside the dead letters. */
  readonly topics: readonly string[];
  /** True for a process that reads nothing: it sets no messages aside. */
  readonly publishOnly?: boolean | undefined;
  readonly telemetry?: Telemetry | undefined;
}

/** What else of a cluster is used beside the way of the data. */
export interface KafkaAccess {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly prefix: string;
  readonly settings: KafkaSettings;
  readonly telemetry: Telemetry | undefined;
}

const CONNECT_TRIES = 8;

/** Fails sooner than a stage at work would: whoever starts one waits for the answer. */
export async function reach(settings: KafkaSettings): Promise<void> {
  const retries = settings.connectTries ?? CONNECT_TRIES;
  const retry = { retries, initialRetryTime: 50, maxRetryTime: 1_000 };
  const admin = new Kafka({ ...clientConfig(settings, undefined), retry }).admin();
  try {
    await admin.connect();
    await admin.describeCluster();
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

export const unusable = ({ brokers }: KafkaSettings, cause: unknown): LogowatchError =>
  new LogowatchError('bus-failed', 'Kafka cannot be used', {
    value: `${brokers.join(', ')}: ${(cause as Error).message}`,
    remedy: 'Check bus.brokers, tls and sasl, and that topics may be created or are there',
    cause,
  });

/**
 * The bus between processes. A commit is a transaction: outputs, states and offsets of a batch, all or none, by the one
 * owner that its partition has. docs/guarantees.md says what follows, and which test shows it.
 */
export class KafkaBus implements Bus {
  readonly #id = randomUUID();
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #sender: Sender;
  readonly #options: KafkaBusOptions;
  readonly #subscriptions = new Map<string, Set<Subscription<never>>>();
  readonly #ended = new Set<string>();
  #closed = false;
  #resolveClosed: () => void = () => undefined;
  readonly #whenClosed = new Promise<void>((resolve) => {
    this.#resolveClosed = resolve;
  });

  private constructor(kafka: Kafka, options: KafkaBusOptions) {
    this.#kafka = kafka;
    this.#options = options;
    this.#admin = kafka.admin();
    this.#sender = new Sender(kafka, options.wire, this.#prefix, options.telemetry);
  }

  /** Errors: bus-failed where no broker answers or the cluster refuses us. */
  static async connect(options: KafkaBusOptions): Promise<KafkaBus> {
    const { settings, telemetry } = options;
    const bus = new KafkaBus(new Kafka(clientConfig(settings, telemetry)), options);
    try {
      await reach(settings);
      await bus.#admin.connect();
      const deadLetters = options.publishOnly ? [] : [DEAD_LETTERS];
      await createTopics(bus.#admin, [...options.topics, ...deadLetters], {
        prefix: bus.#prefix,
        partitions: settings.partitions ?? KAFKA_DEFAULTS.partitions,
        replicas: settings.replicas,
      });
      await bus.#sender.connect();
      return bus;
    } catch (cause) {
      await bus.close();
      throw refusal(cause, {}) ?? unusable(settings, cause);
    }
  }

  get #prefix(): string {
    return this.#options.settings.prefix ?? KAFKA_DEFAULTS.prefix;
  }

  get access(): KafkaAccess {
    const { settings, telemetry } = this.#options;
    return { kafka: this.#kafka, admin: this.#admin, prefix: this.#prefix, settings, telemetry };
  }

  /** Every reader of this process has its partitions, with their states. */
  get ready(): boolean {
    return !this.#closed && [...this.#subscriptions.values()].every((all) => [...all].every((s) => s.ready));
  }

  async send<T>(topic: Topic<T>, records: readonly OutgoingRecord<T>[]): Promise<void> {
    if (this.#closed || this.#ended.has(topic.name)) throw closedError(topic.name);
    await this.#sender.send(topic, records);
  }

  async *subscribe<T>(topic: Topic<T>, options: SubscribeOptions): AsyncGenerator<Batch<T>> {
    if (this.#closed) return;
    const { settings, wire, telemetry } = this.#options;
    const shared = { kafka: this.#kafka, admin: this.#admin, prefix: this.#prefix, busId: this.#id };
    const context = { ...shared, wire, settings, telemetry };
    const subscription = new Subscription(context, topic, options);
    const known = this.#subscriptions.get(topic.name) ?? new Set();
    this.#subscriptions.set(topic.name, known.add(subscription as never));
    try {
      if (this.#ended.has(topic.name)) await this.#markEnd(topic);
      yield* subscription.batches();
    } finally {
      known.delete(subscription as never);
    }
  }

  /** Readers in this process end once they have read what is there; those elsewhere wait for what others send. */
  async end(topic: Topic<unknown>): Promise<void> {
    if (this.#closed || this.#ended.has(topic.name)) return;
    this.#ended.add(topic.name);
    const done = async (): Promise<void> => {
      await this.#sender.flush();
      if ((this.#subscriptions.get(topic.name)?.size ?? 0) > 0) await this.#markEnd(topic);
    };
    // A cluster that is away would be asked for a minute.
    const work = done();
    work.catch(() => undefined);
    await Promise.race([work, this.#whenClosed]);
  }

  /** A record without a value in each partition: a partition's last offset may belong to no record that readers see. */
  async #markEnd(topic: Topic<unknown>): Promise<void> {
    const name = this.#prefix + topic.name;
    // Not the offsets: right after its creation a partition may have no leader yet who could tell them.
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [name] });
    const partitions = topics.flatMap((topic) => topic.partitions);
    const headers = { [END_HEADER]: this.#id };
    await publishOnce(
      this.#kafka,
      partitions.map(({ partitionId }) => ({
        topic: name,
        message: { key: 'end', value: null, headers, partition: partitionId },
      })),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#resolveClosed();
    const all = [...this.#subscriptions.values()].flatMap((s) => [...s]);
    await Promise.all(all.map((s) => s.close()));
    await this.#sender.close().catch(() => undefined);
    void this.#admin.disconnect().catch(() => undefined);
  }
}
