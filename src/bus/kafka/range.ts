import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { LogowatchError } from '../../core/errors.js';

const ASKED_MAX = 50;
const ASK_AGAIN_MS = 100;

/** Milliseconds since the Unix epoch; `toMs` is outside. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The records of one partition from `start` up to, and without, `end`. */
export interface PartitionRange {
  readonly partition: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** What a topic holds of a time range when it was asked; what comes later is not part of it. */
export interface OffsetRange {
  /** Only partitions that hold something. */
  readonly partitions: readonly PartitionRange[];
  /** Offsets, some of which are marks of transactions and no records. */
  readonly size: number;
  /** Records were there before the first of these, and have been deleted: the range may have begun earlier. */
  readonly cut: boolean;
}

/**
 * The range is one of publication: the times that Kafka keeps with its records.
 * @param name as Kafka knows it, prefix included
 * Errors: bus-failed where there is no such topic.
 */
export async function offsetRange(
  admin: Admin,
  name: string,
  { fromMs, toMs }: TimeRange,
): Promise<OffsetRange> {
  if (!(await admin.listTopics()).includes(name))
    throw new LogowatchError('bus-failed', 'Kafka has no such topic', {
      value: name,
      remedy: 'Check bus.kafka.prefix, and that `logowatch ingest` and `infer` have run',
    });
  const bounds = await asked(name, () => admin.fetchTopicOffsets(name));
  const starts = byPartition(await asked(name, () => admin.fetchTopicOffsetsByTimestamp(name, fromMs)));
  const ends = byPartition(await asked(name, () => admin.fetchTopicOffsetsByTimestamp(name, toMs)));
  const partitions = bounds
    .map(({ partition, low, high }) => {
      const known = (offset: bigint | undefined) => least(offset ?? BigInt(high), BigInt(high));
      return {
        partition,
        low: BigInt(low),
        start: known(starts.get(partition)),
        end: known(ends.get(partition)),
      };
    })
    .filter(({ start, end }) => start < end);
  return {
    partitions: partitions.map(({ partition, start, end }) => ({ partition, start, end })),
    size: partitions.reduce((sum, { start, end }) => sum + Number(end - start), 0),
    cut: partitions.some(({ low, start }) => low > 0n && start === low),
  };
}

/** While a partition changes its leader, kafkajs gives up on what would be answered a moment later. */
async function asked<T>(name: string, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const { message, retriable } = error as Error & { retriable?: boolean };
      if (retriable !== true || attempt >= ASKED_MAX)
        throw new LogowatchError('bus-failed', 'Kafka does not say what a topic holds', {
          value: `${name}: ${message}`,
          remedy: 'Check that the brokers are up, and that we may describe the topic',
          cause: error,
        });
      await sleep(ASK_AGAIN_MS);
    }
  }
}

const byPartition = (offsets: readonly { partition: number; offset: string }[]): Map<number, bigint> =>
  new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
