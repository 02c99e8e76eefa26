import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { LogowatchError } from '../../core/errors.js';
import { repoRoot } from '../../core/root.js';
import type { Topic } from '../bus.js';
import { canonicalSchema, schemaText, type WriterSchema, writerSchema } from '../codec.js';
import { schemaFingerprint } from './rabin.js';

/** What stands before the Avro bytes of a message and tells which schema they were written with. */
export interface Framing {
  /** The bytes before those of the present schema. */
  header(topic: Topic<unknown>): Promise<Buffer>;
  /** The schema that a message names, and where its Avro begins. Throws message-invalid, schema-mismatch. */
  open(topic: Topic<unknown>, message: Buffer): Promise<{ writer: WriterSchema; at: number }>;
}

const SINGLE_OBJECT = Buffer.from([0xc3, 0x01]);
const FINGERPRINT_BYTES = 8;
const CONFLUENT_BYTES = 5;

/**
 * Avro's own single-object encoding: C3 01 and the schema's fingerprint. No registry is asked: the schemas are those in
 * schemas/, present and past, which every reader has.
 */
export class SingleObjectFraming implements Framing {
  readonly #headers = new Map<string, Promise<Buffer>>();
  readonly #known = new Map<string, Map<string, WriterSchema>>();

  header(topic: Topic<unknown>): Promise<Buffer> {
    return kept(this.#headers, topic.name, async () =>
      Buffer.concat([SINGLE_OBJECT, schemaFingerprint(canonicalSchema(schemaText(topic)))]),
    );
  }

  async open(topic: Topic<unknown>, message: Buffer): Promise<{ writer: WriterSchema; at: number }> {
    const at = SINGLE_OBJECT.length + FINGERPRINT_BYTES;
    if (!message.subarray(0, 2).equals(SINGLE_OBJECT) || message.length < at)
      throw unreadable(topic, message, 'Set bus.registry if a schema registry is used');
    const fingerprint = message.toString('hex', SINGLE_OBJECT.length, at);
    const writer = this.#schemas(topic).get(fingerprint);
    if (writer === undefined)
      throw new LogowatchError('schema-mismatch', `${topic.name}: a message has a schema that is not known`, {
        value: fingerprint,
        remedy: 'Update logowatch: the writer is newer',
      });
    return { writer, at };
  }

  #schemas(topic: Topic<unknown>): Map<string, WriterSchema> {
    const known = this.#known.get(topic.name);
    if (known !== undefined) return known;
    const schemas = new Map(
      [schemaText(topic), ...olderSchemas(topic)].map((text) => [
        schemaFingerprint(canonicalSchema(text)).toString('hex'),
        writerSchema(topic, text),
      ]),
    );
    this.#known.set(topic.name, schemas);
    return schemas;
  }
}

export interface RegistrySettings {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Confluent's wire format: 00 and the schema's id, 4 bytes, in a registry; subjects are `<topic>-value`. */
export class RegistryFraming implements Framing {
  readonly #registry: SchemaRegistry;
  readonly #prefix: string;
  readonly #headers = new Map<string, Promise<Buffer>>();
  readonly #writers = new Map<string, Promise<WriterSchema>>();

  constructor({ url, username, password }: RegistrySettings, prefix: string) {
    const auth = username === undefined ? {} : { auth: { username, password: password ?? '' } };
    this.#registry = new SchemaRegistry({
      host: url,
      ...auth,
      retry: { retries: 5, initialRetryTimeInSecs: 0.2 },
    });
    this.#prefix = prefix;
  }

  header(topic: Topic<unknown>): Promise<Buffer> {
    return kept(this.#headers, topic.name, async () => {
      const subject = `${this.#prefix}${topic.name}-value`;
      const { id } = await this.#registry
        .register({ type: SchemaType.AVRO, schema: schemaText(topic) }, { subject })
        .catch((cause: unknown) => {
          throw registryError('The registry does not take our schema', subject, cause);
        });
      const bytes = Buffer.alloc(CONFLUENT_BYTES);
      bytes.writeInt32BE(id, 1);
      return bytes;
    });
  }

  async open(topic: Topic<unknown>, message: Buffer): Promise<{ writer: WriterSchema; at: number }> {
    if (message.length < CONFLUENT_BYTES || message[0] !== 0)
      throw unreadable(topic, message, 'Leave bus.registry out if the writers use none');
    const id = message.readInt32BE(1);
    const writer = await kept(this.#writers, `${topic.name}/${id}`, async () => {
      const schema = await this.#registry.getSchema(id).catch((cause: unknown) => {
        if ((cause as { status?: number }).status === 404)
          throw unreadable(topic, message, 'No such schema is registered; check what writes to the topic');
        throw registryError('The registry does not have the schema of a message', String(id), cause);
      });
      return writerSchema(
        topic,
        JSON.stringify(
          (schema as unknown as { schema(options: object): unknown }).schema({ exportAttrs: true }),
        ),
      );
    });
    return { writer, at: CONFLUENT_BYTES };
  }
}

/** One answer a key; a failure is asked for again. */
function kept<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}

function olderSchemas(topic: Topic<unknown>): string[] {
  const folder = join(repoRoot(), 'schemas', 'history');
  const present = JSON.parse(schemaText(topic)) as { name: string };
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .filter((text) => (JSON.parse(text) as { name: string }).name === present.name);
}

const unreadable = (topic: Topic<unknown>, message: Buffer, remedy: string): LogowatchError =>
  new LogowatchError('message-invalid', `${topic.name}: a message begins with no schema that is used here`, {
    value: message.toString('hex', 0, CONFLUENT_BYTES),
    remedy,
  });

function registryError(message: string, value: string, cause: unknown): LogowatchError {
  return new LogowatchError('bus-failed', message, {
    value: `${value}: ${(cause as Error).message}`,
    remedy: 'Check bus.registry, and that the subject’s compatibility is BACKWARD',
    cause,
  });
}
