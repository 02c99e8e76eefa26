import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { describeError } from '../../core/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Slice } from './slice.js';

/** What is known of one partition since its last fetch. */
interface Fetched {
  /** Of the messages that are not committed yet, the oldest first: offset, and when it was written. */
  readonly waiting: { readonly offset: bigint; readonly timestampMs: number }[];
  /** Records that the cluster had after them. */
  readonly beyond: number;
  readonly atMs: number;
}

/** A partition that has no more to fetch says nothing: what was beyond so long ago was fetched, or was no record. */
const STALE_MS = 5_000;

/** Tells telemetry how a reader fares: how far it is behind, how long its commits take, how often its group changes. */
export class ReaderMeter {
  readonly #telemetry: Telemetry | undefined;
  readonly #group: string;
  readonly #topic: string;
  readonly #partitions = new Map<number, Fetched>();

  constructor(telemetry: Telemetry | undefined, group: string, topic: string) {
    this.#telemetry = telemetry;
    this.#group = group;
    this.#topic = topic;
    telemetry?.emit({ type: 'reader-opened', group, topic });
  }

  assigned(partitions: readonly number[]): void {
    for (const partition of [...this.#partitions.keys()])
      if (!partitions.includes(partition)) this.#partitions.delete(partition);
    this.#telemetry?.emit({ type: 'reader-assigned', group: this.#group, partitions: partitions.length });
    this.#tell();
  }

  restarted(error: unknown): void {
    this.#telemetry?.emit({ type: 'reader-restarted', group: this.#group, error: describeError(error) });
  }

  /** @param messages those of the batch that are to be read */
  fetched(batch: EachBatchPayload['batch'], messages: readonly KafkaMessage[]): void {
    const waiting = messages.map((m) => ({ offset: BigInt(m.offset), timestampMs: Number(m.timestamp) }));
    const beyond = Math.max(0, Number(BigInt(batch.highWatermark) - 1n - BigInt(batch.lastOffset())));
    this.#partitions.set(batch.partition, { waiting, beyond, atMs: Date.now() });
    this.#tell();
  }

  /** Times a commit that has begun. Throws what it throws; `over` says whether that is because the reader is closing. */
  async timed(partition: number, slice: Slice, commit: Promise<void>, over: () => boolean): Promise<void> {
    const [group, topic, startedMs] = [this.#group, this.#topic, performance.now()];
    try {
      await commit;
    } catch (error) {
      if (!over())
        this.#telemetry?.emit({ type: 'commit-failed', group, topic, error: describeError(error) });
      throw error;
    }
    const waiting = this.#partitions.get(partition)?.waiting;
    const left = waiting?.findIndex(({ offset }) => offset >= slice.next) ?? -1;
    waiting?.splice(0, left < 0 ? waiting.length : left);
    const [records, deadLetters] = [slice.records.length, slice.rejected.length];
    const durationMs = performance.now() - startedMs;
    this.#telemetry?.emit({ type: 'batch-committed', group, topic, records, deadLetters, durationMs });
    this.#tell();
  }

  #tell(): void {
    const all = [...this.#partitions.values()];
    const sum = (of: (fetched: Fetched) => number): number => all.reduce((total, f) => total + of(f), 0);
    const old = Date.now() - STALE_MS;
    const oldest = all.flatMap(({ waiting }) => waiting[0]?.timestampMs ?? []);
    this.#telemetry?.emit({
      type: 'reader-lag',
      group: this.#group,
      waiting: sum(({ waiting }) => waiting.length),
      oldestMs: oldest.length === 0 ? undefined : Math.min(...oldest),
      beyond: sum(({ waiting, beyond, atMs }) => (waiting.length > 0 || atMs >= old ? beyond : 0)),
    });
  }
}
