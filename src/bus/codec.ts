import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import avro from 'avsc';
import type { Appearance } from '../core/appearance.js';
import type { DetectionRecord } from '../core/detection.js';
import { LogowatchError } from '../core/errors.js';
import type { FrameRecord } from '../core/frame.js';
import { repoRoot } from '../core/root.js';
import { checkAvroBounds } from './avro-bounds.js';
import {
  appearanceFromAvro,
  appearanceToAvro,
  streamRecordFromAvro,
  streamRecordToAvro,
} from './avro-form.js';
import type { Topic } from './bus.js';
import { topics } from './topics.js';

/** Avro between core values and bytes, by topic. schemas/*.avsc are the contract; older ones are in schemas/history. */
interface TopicCodec {
  /** File in schemas/. */
  readonly file: string;
  /** Larger messages are refused unread. */
  readonly bytesMax: number;
  readonly toAvro: (value: never) => unknown;
  readonly fromAvro: (value: unknown) => unknown;
}

const CODECS: Readonly<Record<string, TopicCodec>> = {
  [topics.frames.name]: {
    file: 'frame.avsc',
    bytesMax: 8 * 1024 * 1024,
    toAvro: (value: FrameRecord) => streamRecordToAvro(value),
    fromAvro: streamRecordFromAvro,
  },
  [topics.detections.name]: {
    file: 'detections.avsc',
    bytesMax: 1024 * 1024,
    toAvro: (value: DetectionRecord) => streamRecordToAvro(value),
    fromAvro: streamRecordFromAvro,
  },
  [topics.appearances.name]: {
    file: 'appearance.avsc',
    bytesMax: 64 * 1024,
    toAvro: (value: Appearance) => appearanceToAvro(value),
    fromAvro: appearanceFromAvro,
  },
};

/** A schema as it was when a message was written; make it once a schema with `writerSchema`. */
export interface WriterSchema {
  readonly type: avro.Type;
  readonly resolver: ReturnType<avro.Type['createResolver']>;
}

const readers = new Map<string, avro.Type>();

/** The present schema of a topic, as text: what a registry is given. Throws `usage` for a topic without one. */
export function schemaText(topic: Topic<unknown>): string {
  return readFileSync(join(repoRoot(), 'schemas', codecOf(topic).file), 'utf8');
}

/** @param schema a schema that a message of the topic was written with. Throws `schema-mismatch` when we cannot read it. */
export function writerSchema(topic: Topic<unknown>, schema: string): WriterSchema {
  try {
    const type = parse(schema);
    return { type, resolver: readerOf(topic).createResolver(type) };
  } catch (error) {
    throw new LogowatchError(
      'schema-mismatch',
      `messages on ${topic.name} have a schema that cannot be read`,
      {
        value: (error as Error).message.slice(0, 200),
        remedy: 'Update logowatch, or make the writer use a schema that is backward compatible',
        cause: error,
      },
    );
  }
}

/** Avro's parsing canonical form of a schema: what its fingerprint is taken of. */
export const canonicalSchema = (schema: string): string => JSON.stringify(parse(schema).schema());

/** Bare Avro, without framing. Throws `message-invalid` for a value that does not fit the schema or the size. */
export function encode<T>(topic: Topic<T>, value: T): Buffer {
  const codec = codecOf(topic);
  let bytes: Buffer;
  try {
    bytes = readerOf(topic).toBuffer(codec.toAvro(value as never));
  } catch (error) {
    throw invalid(topic, 'a value does not fit the schema', (error as Error).message, error);
  }
  if (bytes.length <= codec.bytesMax) return bytes;
  throw invalid(topic, `a message is larger than ${codec.bytesMax} bytes`, `${bytes.length} bytes`);
}

/**
 * @param writer the schema the bytes were written with; without it, the present one
 * Throws `message-invalid` for bytes that are too many, cut off, or no such record.
 */
export function decode<T>(topic: Topic<T>, bytes: Uint8Array, writer?: WriterSchema): T {
  const codec = codecOf(topic);
  if (bytes.length > codec.bytesMax) {
    throw invalid(topic, `a message is larger than ${codec.bytesMax} bytes`, `${bytes.length} bytes`);
  }
  const reader = readerOf(topic);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    checkAvroBounds(writer?.type ?? reader, buffer);
    return codec.fromAvro(reader.fromBuffer(buffer, writer?.resolver)) as T;
  } catch (error) {
    throw invalid(topic, 'a message is no record of the schema', (error as Error).message, error);
  }
}

function readerOf(topic: Topic<unknown>): avro.Type {
  const known = readers.get(topic.name);
  if (known !== undefined) return known;
  const type = parse(schemaText(topic));
  readers.set(topic.name, type);
  return type;
}

/** Unions always name their branch, so that facts of like fields cannot be confused. */
function parse(schema: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(schema), { wrapUnions: true });
}

function codecOf(topic: Topic<unknown>): TopicCodec {
  const codec = CODECS[topic.name];
  if (codec !== undefined) return codec;
  throw new LogowatchError('usage', 'a topic has no schema', {
    value: topic.name,
    remedy: `Topics with schemas: ${Object.keys(CODECS).join(', ')}`,
  });
}

function invalid(topic: Topic<unknown>, message: string, value: string, cause?: unknown): LogowatchError {
  return new LogowatchError('message-invalid', `${topic.name}: ${message}`, {
    value: value.slice(0, 200),
    remedy: 'The message is set aside; check what writes to the topic',
    cause,
  });
}
