import type { Batch, Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { describeError, LogowatchError } from '../../core/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Topic } from '../bus.js';
import { beating } from './beating.js';
import { Handover } from './handover.js';
import type { OffsetRange } from './range.js';
import { MESSAGE_BYTES_MAX } from './settings.js';
import { END_HEADER, isPoison } from './slice.js';
import type { Wire } from './wire.js';

/** Failures that may pass are borne for so long without getting on. */
const STALL_MS_MAX = 30_000;

export interface RangeOptions {
  readonly topic: Topic<unknown>;
  /** As Kafka knows it, prefix included. */
  readonly name: string;
  /** A group that nobody else is in. */
  readonly groupId: string;
  readonly range: OffsetRange;
  readonly wire: Wire;
  /** Records decoded together. */
  readonly recordsMax: number;
  /** Others are left out undecoded. */
  readonly wanted: (key: string) => boolean;
  readonly telemetry: Telemetry;
  readonly signal?: AbortSignal | undefined;
}

export interface RangeBatch<T> {
  readonly values: readonly T[];
  /** Messages that nobody can read. */
  readonly rejected: number;
  /** Offsets passed so far, of the range's size. */
  readonly done: number;
}

interface Delivery<T> {
  readonly batch: RangeBatch<T>;
  readonly taken: () => void;
}

/**
 * Reads a range of offsets once and ends by itself. Nothing is committed. Only records of committed transactions are read;
 * one that is open when the range is asked for is waited for until it is ended, which Kafka does after its time.
 */
export class RangeConsumer<T> {
  readonly #options: RangeOptions;
  readonly #consumer: Consumer;
  readonly #handover = new Handover<Delivery<T>>();
  /** By partition: the offset to go on at. */
  readonly #next: Map<number, bigint>;
  readonly #ends: ReadonlyMap<number, bigint>;
  #advancedMs = performance.now();

  constructor(kafka: Kafka, options: RangeOptions) {
    this.#options = options;
    const { partitions } = options.range;
    this.#next = new Map(partitions.map(({ partition, start }) => [partition, start]));
    this.#ends = new Map(partitions.map(({ partition, end }) => [partition, end]));
    this.#consumer = kafka.consumer({
      groupId: options.groupId,
      maxBytesPerPartition: MESSAGE_BYTES_MAX,
      maxWaitTimeInMs: 50,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 50,
        retries: 20,
        maxRetryTime: 1_000,
        // A group that is new waits for its coordinator to be ready, more than once on a new cluster.
        restartOnFailure: async () => performance.now() - this.#advancedMs < STALL_MS_MAX,
      },
    });
  }

  /** The reader has a batch for itself until it asks for the next. Errors: bus-failed. */
  async *batches(): AsyncGenerator<RangeBatch<T>> {
    if (this.#isDone()) return;
    const { signal } = this.#options;
    const stop = () => this.#handover.end();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      await this.#start();
      for await (const { batch, taken } of this.#handover.values()) {
        yield batch;
        taken();
      }
    } catch (cause) {
      if (cause instanceof LogowatchError) throw cause;
      throw new LogowatchError('bus-failed', 'A range of a topic could not be read to its end', {
        value: `${this.#options.name}: ${(cause as Error).message}`,
        remedy: 'Check that the brokers are up and reachable, and that the group may be used',
        cause,
      });
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#handover.end();
      await this.#consumer.disconnect().catch(() => undefined);
    }
  }

  async #start(): Promise<void> {
    const { GROUP_JOIN, CRASH, END_BATCH_PROCESS } = this.#consumer.events;
    const { name: topic } = this.#options;
    // The group has no offsets: whenever it is joined, we say where to go on.
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      const assigned = payload.memberAssignment[topic] ?? [];
      for (const [partition, offset] of this.#next)
        this.#consumer.seek({ topic, partition, offset: String(offset) });
      this.#consumer.pause([{ topic, partitions: assigned.filter((p) => !this.#isUnderWay(p)) }]);
    });
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.#handover.fail(payload.error);
    });
    // Also said of marks of transactions, which end most partitions and reach no handler.
    this.#consumer.on(END_BATCH_PROCESS, ({ payload }) =>
      this.#passed(payload.partition, BigInt(payload.lastOffset) + 1n),
    );
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.#consumer.run({ autoCommit: false, eachBatch: (payload) => this.#eachBatch(payload) });
  }

  async #eachBatch({ batch, heartbeat }: EachBatchPayload): Promise<void> {
    const { partition } = batch;
    const { recordsMax } = this.#options;
    const messages = this.#fresh(batch);
    for (let i = 0; i < messages.length && !this.#handover.ended; i += recordsMax) {
      const slice = messages.slice(i, i + recordsMax);
      const { values, rejected } = await this.#decode(slice);
      this.#next.set(partition, BigInt(slice.at(-1)!.offset) + 1n);
      await beating(this.#offer({ values, rejected, done: this.#done }), heartbeat);
      this.#advancedMs = performance.now();
    }
  }

  #fresh({ partition, messages }: Batch): readonly KafkaMessage[] {
    const [next, end] = [this.#next.get(partition), this.#ends.get(partition)];
    if (next === undefined || end === undefined) return [];
    return messages.filter(({ offset }) => BigInt(offset) >= next && BigInt(offset) < end);
  }

  async #decode(messages: readonly KafkaMessage[]): Promise<{ values: T[]; rejected: number }> {
    const { topic, wire, wanted, telemetry } = this.#options;
    const isRecord = ({ value, headers }: KafkaMessage) =>
      value !== null && headers?.[END_HEADER] === undefined;
    const records = messages.filter((m) => isRecord(m) && wanted(m.key?.toString() ?? ''));
    const decoded = await Promise.allSettled(records.map(({ value }) => wire.decode(topic, value!)));
    const values: T[] = [];
    let rejected = 0;
    for (const result of decoded) {
      if (result.status === 'fulfilled') values.push(result.value as T);
      else if (!isPoison(result.reason)) this.#handover.fail(result.reason);
      else {
        rejected++;
        const reason = describeError(result.reason).slice(0, 500);
        telemetry.emit({ type: 'record-rejected', topic: topic.name, reason });
      }
    }
    return { values, rejected };
  }

  #offer(batch: RangeBatch<T>): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.#handover.onEnd(resolve);
      const taken = () => {
        forget();
        resolve();
      };
      if (!this.#handover.offer({ batch, taken })) resolve();
    });
  }

  #passed(partition: number, next: bigint): void {
    const known = this.#next.get(partition);
    if (known === undefined || this.#handover.ended) return;
    this.#advancedMs = performance.now();
    if (next > known) this.#next.set(partition, next);
    if (!this.#isUnderWay(partition))
      this.#consumer.pause([{ topic: this.#options.name, partitions: [partition] }]);
    if (this.#isDone()) this.#handover.finish();
  }

  #isUnderWay(partition: number): boolean {
    return (this.#next.get(partition) ?? 0n) < (this.#ends.get(partition) ?? 0n);
  }

  #isDone(): boolean {
    return [...this.#next.keys()].every((partition) => !this.#isUnderWay(partition));
  }

  get #done(): number {
    const { partitions } = this.#options.range;
    return partitions.reduce(
      (sum, { partition, start, end }) => sum + Number(smaller(this.#next.get(partition)!, end) - start),
      0,
    );
  }
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
