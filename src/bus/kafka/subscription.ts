import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Batch, Outgoing, SubscribeOptions, Topic } from '../bus.js';
import { beating } from './beating.js';
import { Handover } from './handover.js';
import { type Offered, type Outcome, offer } from './offer.js';
import { type Owner, Owners, partitionLost, type SubscriptionContext } from './owners.js';
import { committedOffset, publishOnce } from './partition.js';
import { publications } from './publications.js';
import { ReaderMeter } from './reader-meter.js';
import { refusal } from './refusal.js';
import { memberSettings } from './settings.js';
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
  /** Commits under way; none outlasts the reading by more than COMMIT_MS_MAX. */
  readonly #asked = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(context: SubscriptionContext, topic: Topic<T>, options: SubscribeOptions) {
    this.#context = context;
    this.#topic = topic;
    this.#options = options;
    this.#owners = new Owners(context, topic, options);
    this.#meter = new ReaderMeter(context.telemetry, options.group, topic.name);
    this.#consumer = context.kafka.consumer(
      memberSettings(this.#name(options.group), context.settings, () => this.#closing === undefined),
    );
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
    // kafkajs takes a commit of a consumer that leaves for done and sends nothing: what was asked for goes first.
    await Promise.allSettled(this.#asked);
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
    const { partition } = batch;
    const owner = await this.#owners.of(partition);
    await owner.owned?.idle();
    const generation = ++owner.generation;
    const fresh = batch.messages.filter((m) => BigInt(m.offset) >= owner.next);
    const messages = newestFirst(fresh, this.#context.telemetry);
    const { maxRecords } = this.#options;
    this.#meter.fetched(batch, messages);
    let last: Offered | undefined;
    const lastIsCommitted = async (): Promise<boolean> => {
      if (last === undefined) return true;
      if (!(await this.#outcome(last, owner, payload))) return false;
      if (last.slice.last) this.#markEnded(partition);
      resolveOffset(String(last.slice.next - 1n));
      return true;
    };
    for (let i = 0; i < messages.length; i += maxRecords) {
      if (!isRunning() || isStale() || this.#handover.ended) break;
      const part = messages.slice(i, i + maxRecords);
      const after = messages[i + maxRecords];
      // What was left out between two messages is done with as well.
      const next = after === undefined ? BigInt(batch.lastOffset()) + 1n : BigInt(after.offset);
      const slice = await readSlice(this.#context, this.#topic, { partition, messages: part, next });
      // A transaction takes its turn. A reader that publishes nothing works on this slice while the last is being committed.
      if (owner.owned !== undefined && !(await lastIsCommitted())) return;
      const offered = this.#offer(slice, owner, generation, last?.settled);
      await this.#beating(offered.begun, owner, payload);
      if (owner.owned === undefined && !(await lastIsCommitted())) return;
      last = offered;
    }
    if (!(await lastIsCommitted())) return;
    if (messages.length === 0) resolveOffset(batch.lastOffset());
  }

  /** Hands a slice to the reader; `before` is what becomes of the slice before it, whose commit goes first. */
  #offer(slice: Slice, owner: Owner, generation: number, before?: Promise<Outcome>): Offered {
    const lost = () => partitionLost(this.#topic, slice.partition);
    const inTurn = async (outputs: readonly Outgoing[]): Promise<void> => {
      if (before !== undefined && (await before) !== 'committed') throw lost();
      if (owner.generation !== generation) throw lost();
      await this.#commit(owner, slice, outputs);
    };
    const commit = async (outputs: readonly Outgoing[] = []): Promise<void> => {
      if (this.#closing !== undefined) throw lost();
      const asked = this.#handover.whileOpen(inTurn(outputs), COMMIT_MS_MAX, lost);
      this.#asked.add(asked);
      try {
        await this.#meter.timed(slice, asked, () => this.#handover.ended);
      } finally {
        this.#asked.delete(asked);
      }
    };
    const state = (key: string): unknown => owner.owned?.states.get(key);
    return offer(slice, this.#handover, { state, commit });
  }

  /** Whether a slice is committed. If not, it has to be read again. */
  async #outcome({ slice, settled }: Offered, owner: Owner, payload: EachBatchPayload): Promise<boolean> {
    await this.#beating(settled, owner, payload);
    const outcome = await settled;
    if (outcome === 'committed') return true;
    owner.generation++;
    if (outcome === 'failed') await this.#reopen(slice.partition);
    return false;
  }

  /** Keeps the group waiting for as long as the work takes. Throws when it does not. */
  async #beating(work: Promise<unknown>, owner: Owner, { heartbeat }: EachBatchPayload): Promise<void> {
    try {
      await beating(work, heartbeat);
    } catch (rebalance) {
      owner.generation++;
      throw rebalance;
    }
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

  async #commit(owner: Owner, slice: Slice, outputs: readonly Outgoing[]): Promise<void> {
    const { owned } = owner;
    const { partition } = slice;
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
