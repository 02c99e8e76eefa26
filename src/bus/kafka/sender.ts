import { setTimeout as sleep } from 'node:timers/promises';
import { type IHeaders, type Kafka, Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import { LogowatchError } from '../../core/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { traceHeaders } from '../../telemetry/tracer.js';
import type { OutgoingRecord, Topic } from '../bus.js';
import { GroupQueue } from '../group-queue.js';
import { refusal } from './refusal.js';
import { MESSAGE_BYTES_MAX } from './settings.js';
import type { Wire } from './wire.js';

/** Records that are sent together, and that wait. */
const RECORDS_MAX = 64;
const CAPACITY = 1024;
/** Live frames of a stream that wait at most, and for how long while there are newer ones; milliseconds. */
const KEY_SHARE = 24;
const WAIT_MS_MAX = 500;
const CLOSE_MS_MAX = 2_000;
/** Beside it there are key, headers and the batch's own bytes. */
const VALUE_BYTES_MAX = MESSAGE_BYTES_MAX - 64 * 1024;

interface Waiting {
  readonly topic: Topic<unknown>;
  readonly record: OutgoingRecord<unknown>;
  readonly settle: (error?: Error) => void;
}

/**
 * Sends records in order, each once (an idempotent producer), as many together as wait. Lossless records are accepted once
 * the cluster has them; live frames at once, and the oldest give way when the cluster is slower than they come.
 */
export class Sender {
  readonly #producer: Producer;
  readonly #wire: Wire;
  readonly #prefix: string;
  readonly #telemetry: Telemetry | undefined;
  readonly #queue: GroupQueue;
  /** Lossless records that the cluster has not accepted yet. */
  readonly #open = new Set<Waiting>();
  #running: Promise<void> | undefined;
  #closed = false;
  /** The cluster's no is final, also to live frames, whose senders do not wait for an answer. */
  #refused: LogowatchError | undefined;

  constructor(kafka: Kafka, wire: Wire, prefix: string, telemetry: Telemetry | undefined) {
    this.#producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      // A cluster that is away is waited for: live frames give way meanwhile, everything else stays.
      retry: { initialRetryTime: 20, maxRetryTime: 1_000, retries: Number.MAX_SAFE_INTEGER },
    });
    this.#wire = wire;
    this.#prefix = prefix;
    this.#telemetry = telemetry;
    const limits = {
      capacity: CAPACITY,
      keyShare: KEY_SHARE,
      waitMsMax: WAIT_MS_MAX,
      now: () => performance.now(),
    };
    this.#queue = new GroupQueue(limits, (key) => this.#dropped(key));
  }

  connect(): Promise<void> {
    return this.#producer.connect();
  }

  async send(topic: Topic<unknown>, records: readonly OutgoingRecord<unknown>[]): Promise<void> {
    if (this.#closed) throw closedError(topic.name);
    if (this.#refused !== undefined) throw this.#refused;
    const accepted = records.map(
      (record) =>
        new Promise<void>((resolve, reject) => {
          const settle = (error?: Error) => {
            this.#open.delete(value);
            if (error === undefined) resolve();
            else reject(error);
          };
          const value: Waiting = { topic, record, settle };
          if (!record.droppable) this.#open.add(value);
          this.#queue.push({ key: record.key, value, droppable: record.droppable ?? false });
          if (record.droppable) resolve();
        }),
    );
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    await Promise.all(accepted);
  }

  /** Everything accepted so far is with the cluster. */
  async flush(): Promise<void> {
    await this.#running;
  }

  /** What a cluster that is away has not taken by then is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.race([this.#running, sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
    for (const { topic, settle } of [...this.#open]) settle(closedError(topic.name));
    await Promise.race([this.#producer.disconnect(), sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    // What is pushed in this turn of the event loop goes together.
    await Promise.resolve();
    while (this.#queue.size > 0) {
      const waiting = this.#queue.take(RECORDS_MAX).map(({ value }) => value as Waiting);
      await this.#sendTogether(waiting);
    }
  }

  async #sendTogether(waiting: readonly Waiting[]): Promise<void> {
    const ready: { message: EncodedMessage; topic: string; from: Waiting }[] = [];
    for (const from of waiting) {
      try {
        const message = await encodeMessage(this.#wire, from.topic, from.record);
        ready.push({ message, topic: this.#prefix + from.topic.name, from });
      } catch (error) {
        this.#failed(from, error as Error);
      }
    }
    if (ready.length === 0) return;
    try {
      await this.#producer.sendBatch({ topicMessages: byTopic(ready), acks: -1 });
      for (const { from } of ready) from.settle();
    } catch (cause) {
      this.#refused = refusal(cause, { topics: [...new Set(ready.map(({ topic }) => topic))] });
      const error =
        this.#refused ??
        new LogowatchError('bus-failed', 'Kafka did not take records', {
          value: (cause as Error).message,
          remedy: 'Check that the brokers are up and reachable',
          cause,
        });
      for (const { from } of ready) this.#failed(from, error);
    }
  }

  #failed({ record, settle }: Waiting, error: Error): void {
    if (record.droppable) this.#dropped(record.key);
    settle(error);
  }

  #dropped(streamId: string): void {
    this.#telemetry?.emit({ type: 'frames-dropped', streamId, count: 1, reason: 'bus-queue' });
  }
}

export interface EncodedMessage {
  readonly key: string;
  /** Null is a tombstone: the key is forgotten by compaction. */
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  /** Where the key does not decide. */
  readonly partition?: number;
}

/** Marks records that a newer one of their key may replace. */
export const DROPPABLE_HEADER = 'logowatch-droppable';

export async function encodeMessage(
  wire: Wire,
  topic: Topic<unknown>,
  record: OutgoingRecord<unknown>,
): Promise<EncodedMessage> {
  const { value, headers } =
    record.value === null ? { value: null, headers: {} } : await wire.encode(topic, record.value);
  if (value !== null && value.length > VALUE_BYTES_MAX)
    throw new LogowatchError('message-invalid', `${topic.name}: a record is larger than Kafka takes`, {
      value: `${value.length} bytes of ${record.key}`,
      remedy: `At most ${VALUE_BYTES_MAX} bytes: use smaller pictures`,
    });
  const droppable = record.droppable ? { [DROPPABLE_HEADER]: '1' } : {};
  return {
    key: record.key,
    value,
    headers: { ...headers, ...record.headers, ...tracingExtension(headers, record.headers), ...droppable },
  };
}

/** CloudEvents' distributed tracing extension: where the event comes from, through however many hands it goes. */
function tracingExtension(attributes: IHeaders, sent: OutgoingRecord<unknown>['headers']): IHeaders {
  const trace = attributes.ce_id === undefined ? undefined : traceHeaders(sent);
  return Object.fromEntries(Object.entries(trace ?? {}).map(([name, value]) => [`ce_${name}`, value]));
}

export function byTopic(
  messages: readonly { readonly topic: string; readonly message: EncodedMessage }[],
): TopicMessages[] {
  const topics = new Map<string, EncodedMessage[]>();
  for (const { topic, message } of messages) {
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [message]);
    else list.push(message);
  }
  return [...topics].map(([topic, list]) => ({ topic, messages: list }));
}

export function closedError(topic: string): LogowatchError {
  return new LogowatchError('bus-closed', 'the topic takes no more records', {
    value: topic,
    remedy: 'Send before the topic is ended or the bus closed',
  });
}
