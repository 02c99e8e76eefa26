import { createHash } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
import { describeError, LogowatchError } from '../../core/errors.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { OutgoingRecord, Topic } from '../bus.js';
import type { Publication } from './partition.js';
import { DROPPABLE_HEADER } from './sender.js';
import type { Wire } from './wire.js';

/** Live frames older than this give way to newer ones of their stream that are there already; milliseconds. */
const AGE_MS_MAX = 500;
/** Marks the end of a topic for the readers of the bus that wrote it. */
export const END_HEADER = 'logowatch-end';
export const DEAD_LETTERS = 'dead-letters';

/** What is handed to the reader in one piece. */
export interface Slice {
  readonly records: readonly OutgoingRecord<unknown>[];
  readonly rejected: readonly Publication[];
  /** It holds the mark of this bus: nothing follows in its partition. */
  readonly last: boolean;
  /** The offset after it. */
  readonly next: bigint;
}

export interface SliceContext {
  readonly wire: Wire;
  readonly telemetry: Telemetry | undefined;
  /** Before the names of topics. */
  readonly prefix: string;
  /** Names the bus in the marks it sends. */
  readonly busId: string;
}

export interface SliceMessages {
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
  readonly next: bigint;
}

/** Decodes messages; those that nobody can read become dead letters. Throws where only a registry keeps them from us. */
export async function readSlice(
  context: SliceContext,
  topic: Topic<unknown>,
  { partition, messages, next }: SliceMessages,
): Promise<Slice> {
  const records: OutgoingRecord<unknown>[] = [];
  const rejected: Publication[] = [];
  let last = false;
  const decoded = await Promise.allSettled(
    messages.map(async ({ value, headers }) =>
      value === null || headers?.[END_HEADER] !== undefined ? undefined : context.wire.decode(topic, value),
    ),
  );
  messages.forEach((message, i) => {
    const { key, headers } = message;
    const end = headers?.[END_HEADER];
    if (end !== undefined) {
      last ||= String(end) === context.busId;
      return;
    }
    const result = decoded[i]!;
    if (result.status === 'rejected') {
      if (!isPoison(result.reason)) throw result.reason;
      rejected.push(deadLetter(context, topic, { partition, message, reason: result.reason }));
    } else if (result.value !== undefined)
      records.push({
        key: key?.toString() ?? '',
        value: result.value,
        ...(headers?.[DROPPABLE_HEADER] === undefined ? {} : { droppable: true }),
        ...sentHeaders(headers),
      });
  });
  return { records, rejected, last, next };
}

const OWN_HEADER = /^(ce_|logowatch-|content-type$)/;

/** Those that the sender gave, as text; the first where one stands twice. */
function sentHeaders(headers: KafkaMessage['headers']): Pick<OutgoingRecord<unknown>, 'headers'> {
  const sent = Object.entries(headers ?? {}).filter(([name]) => !OWN_HEADER.test(name));
  if (sent.length === 0) return {};
  const text = (value: unknown): string => String(Array.isArray(value) ? value[0] : value);
  return { headers: Object.fromEntries(sent.map(([name, value]) => [name, text(value)])) };
}

/** Nobody will ever read it, unlike what only a registry that is down keeps from us: that is asked for again. */
export const isPoison = (error: unknown): boolean =>
  !(error instanceof LogowatchError) || error.code === 'message-invalid' || error.code === 'schema-mismatch';

/** What is known of a message that nobody can read goes to a topic of its own, and the rest goes on. */
function deadLetter(
  { prefix, telemetry }: SliceContext,
  topic: Topic<unknown>,
  { partition, message, reason }: { partition: number; message: KafkaMessage; reason: unknown },
): Publication {
  const { offset, value, key } = message;
  const text = describeError(reason).slice(0, 500);
  telemetry?.emit({ type: 'record-rejected', topic: topic.name, reason: text });
  const bytes = value ?? Buffer.alloc(0);
  const letter = {
    topic: prefix + topic.name,
    partition,
    offset,
    reason: text,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  return {
    topic: prefix + DEAD_LETTERS,
    message: {
      key: key?.toString() ?? '',
      value: Buffer.from(JSON.stringify(letter)),
      headers: { 'content-type': 'application/json' },
    },
  };
}

/** Live frames that are old give way to newer ones of their stream in the same fetch; each is counted. */
export function newestFirst(
  messages: readonly KafkaMessage[],
  telemetry: Telemetry | undefined,
): readonly KafkaMessage[] {
  const newest = new Map<string, KafkaMessage>();
  for (const m of messages)
    if (m.headers?.[DROPPABLE_HEADER] !== undefined) newest.set(m.key?.toString() ?? '', m);
  if (newest.size === 0) return messages;
  const before = Date.now() - AGE_MS_MAX;
  return messages.filter((m) => {
    if (m.headers?.[DROPPABLE_HEADER] === undefined || Number(m.timestamp) >= before) return true;
    const streamId = m.key?.toString() ?? '';
    if (newest.get(streamId) === m) return true;
    telemetry?.emit({ type: 'frames-dropped', streamId, count: 1, reason: 'bus-queue' });
    return false;
  });
}
