import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Batch, Outgoing, OutgoingRecord, SubscribeOptions, Topic } from '../bus.js';
import { beating } from './beating.js';
import { Handover } from './handover.js';
import { type Owner, Owners, partitionLost, type SubscriptionContext } from './owners.js';
import { committedOffset, publishOnce } from './partition.js';
import { publications } from './publications.js';
import { ReaderMeter } from './reader-meter.js';
import { refusal } from './refusal.js';
import { KAFKA_DEFAULTS, MESSAGE_BYTES_MAX } from './settings.js';
import { newestFirst, readSlice, type Slice } from './slice.js';

const CLOSE_MS_MAX = 3_000;
const COMMIT_MS_MAX = 2_000;

/**
 * A member of a consumer group as an async iterable. Partitions are read side by side, one batch of each at a time; the
 * group hears from us while a batch is worked on, however long that takes.
 */
export class Subscription<T> {
  readonly #context: SubscriptionContext;
  readonly #topic: Topic<T>;
  readonly #options: SubscribeOptions;
  readonly #consumer: Consumer;
  readonly #handover = new Handover<Batch<T>>();
  readonly #owners: Owners;
  readonly #meter: ReaderMeter;
  #assigned: readonly number[] | undefined;
  readonly #ended = new Set<number>();
  #closing: Promise<void> | undefined;

  constructor(context: SubscriptionContext, topic: Topic<T>, options: SubscribeOptions) {
    this.#context = context;
    this.#topic = topic;
    this.#options = options;
    this.#owners = new Owners(context, topic, options);
    this.#meter = new ReaderMeter(context.telemetry, options.group, topic.name);
    const { sessionTimeoutMs = KAFKA_DEFAULTS.sessionTimeoutMs } = context.settings;
    this.#consumer = context.kafka.consumer({
      groupId: this.#name(options.group),
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.max(200, Math.round(sessionTimeoutMs / 5)),
      rebalanceTimeout: 30_000,
      maxBytesPerPartition: MESSAGE_BYTES_MAX,
      maxWaitTimeInMs: 50,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 50,
        retries: 60,
        maxRetryTime: 1_000,
        restartOnFailure: async () => this.#closing === undefined,
      },
    });
  }

  async *batches(): AsyncGenerator<Batch<T>> {
    const { signal } = this.#options;
    const stop = () => this.#handover.end();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      await this.#start().catch((error: unknown) => {
        // Ended while it joined the group: that is no failure.
        if (!this.#handover.ended) throw this.#refusal(error);
      });
      yield* this.#handover.values();
    } finally {
      signal?.removeEventListener('abort', stop);
      await this.close();
    }
  }

  /** The group has said what is ours, and what we took over is restored. */
  get ready(): boolean {
    return this.#assigned !== undefined && this.#owners.settled;
  }

  /** What is under way may no longer be committed; the iteration ends. */
  close(): Promise<void> {
    this.#handover.end();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // A cluster that is away cannot be told that we leave: it finds out by itself.
    const left = this.#consumer.disconnect().catch(() => undefined);
    await Promise.race([
      left.then(() => this.#owners.keepOnly([])),
      sleep(CLOSE_MS_MAX, undefined, { ref: false }),
    ]);
  }

  async #start(): Promise<void> {
    if (this.#handover.ended) return;
    const { GROUP_JOIN, CRASH } = this.#consumer.events;
    const topic = this.#name(this.#topic.name);
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment[topic] ?? []));
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.#handover.fail(this.#refusal(payload.error));
      else this.#meter.restarted(payload.error);
    });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 64,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  #refusal(error: unknown): unknown {
    const group = this.#name(this.#options.group);
    const heard = this.#assigned !== undefined;
    const asked = { topics: [this.#name(this.#topic.name)], group, heard };
    return refusal(error, asked) ?? error;
  }

  #joined(assigned: readonly number[]): void {
    this.#assigned = assigned;
    this.#meter.assigned(assigned);
    void this.#owners.keepOnly(assigned);
    this.#endWhenAllEnded();
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, isRunning, isStale } = payload;
    const owner = await this.#owners.of(batch.partition);
    await owner.owned?.idle();
    const generation = ++owner.generation;
    const fresh = batch.messages.filter((m) => BigInt(m.offset) >= owner.next);
    const messages = newestFirst(fresh, this.#context.telemetry);
    const { maxRecords } = this.#options;
    this.#meter.fetched(batch, messages);
    for (let i = 0; i < messages.length; i += maxRecords) {
      if (!isRunning() || isStale() || this.#handover.ended) return;
      const part = messages.slice(i, i + maxRecords);
      const after = messages[i + maxRecords];
      // What was left out between two messages is done with as well.
      const next = after === undefined ? BigInt(batch.lastOffset()) + 1n : BigInt(after.offset);
      const slice = await readSlice(this.#context, this.#topic, {
        partition: batch.partition,
        messages: part,
        next,
      });
      const settled = await this.#offer(slice, owner, generation, payload);
      if (!settled) return;
      if (slice.last) this.#markEnded(batch.partition);
      resolveOffset(String(next - 1n));
    }
    if (messages.length === 0) resolveOffset(batch.lastOffset());
  }

  /** Hands a slice to the reader and keeps the group waiting until it is committed. False: it has to be read again. */
  async #offer(slice: Slice, owner: Owner, generation: number, payload: EachBatchPayload): Promise<boolean> {
    const { partition } = payload.batch;
    const lost = () => partitionLost(this.#topic, partition);
    let failed: unknown;
    let forget: (() => void) | undefined;
    const done = new Promise<boolean>((resolve) => {
      const commit = async (outputs: readonly Outgoing[] = []): Promise<void> => {
        try {
          if (owner.generation !== generation || this.#closing !== undefined) throw lost();
          const commit = this.#commit(partition, owner, slice, outputs);
          const ended = this.#handover.whileOpen(commit, COMMIT_MS_MAX, lost);
          await this.#meter.timed(partition, slice, ended, () => this.#handover.ended);
          resolve(true);
        } catch (error) {
          failed = error;
          resolve(false);
          throw error;
        }
      };
      if (slice.records.length === 0) void commit().catch(() => undefined);
      else {
        const state = (key: string): unknown => owner.owned?.states.get(key);
        const taken = { records: slice.records as readonly OutgoingRecord<T>[], state, commit };
        if (!this.#handover.offer(taken)) resolve(false);
      }
      forget = this.#handover.onEnd(() => resolve(false));
    });
    try {
      await beating(done, payload.heartbeat);
    } catch (rebalance) {
      owner.generation++;
      throw rebalance;
    } finally {
      forget?.();
    }
    if (await done) return true;
    owner.generation++;
    if (failed !== undefined) await this.#reopen(partition);
    return false;
  }

  /** Nobody knows what became of a commit: the next owner, which may be us, starts from what the cluster says. */
  async #reopen(partition: number): Promise<void> {
    if (this.#closing !== undefined) return;
    await this.#owners.release(partition);
    const topic = this.#name(this.#topic.name);
    const key = { group: this.#name(this.#options.group), topic, partition };
    this.#consumer.seek({
      topic,
      partition,
      offset: String(await committedOffset(this.#context.admin, key)),
    });
  }

  async #commit(partition: number, owner: Owner, slice: Slice, outputs: readonly Outgoing[]): Promise<void> {
    const { owned } = owner;
    if (owned === undefined) {
      if (outputs.some((o) => o.records.length > 0))
        throw new RangeError('a terminal reader publishes nothing');
      if (slice.rejected.length > 0) await publishOnce(this.#context.kafka, slice.rejected);
      const at = { topic: this.#name(this.#topic.name), partition, offset: String(slice.next) };
      await this.#consumer.commitOffsets([at]).catch((cause: unknown) => {
        throw refusal(cause, { heard: true }) ?? partitionLost(this.#topic, partition, cause);
      });
    } else {
      const messages = await publications(this.#context, outputs, this.#options.state, partition);
      await owned.commit([...slice.rejected, ...messages], slice.next);
      for (const { topic, records } of outputs) {
        if (topic.name !== this.#options.state?.name) continue;
        for (const { key, value } of records)
          if (value === null) owned.states.delete(key);
          else owned.states.set(key, value);
      }
    }
    owner.next = slice.next;
  }

  #markEnded(partition: number): void {
    this.#ended.add(partition);
    this.#endWhenAllEnded();
  }

  #endWhenAllEnded(): void {
    const assigned = this.#assigned ?? [];
    if (assigned.length > 0 && assigned.every((p) => this.#ended.has(p))) this.#handover.finish();
  }

  #name(name: string): string {
    return this.#context.prefix + name;
  }
}
