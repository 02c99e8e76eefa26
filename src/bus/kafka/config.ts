import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LogowatchError } from '../../core/errors.js';
import { redact } from '../../core/redact.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Topic } from '../bus.js';
import { topics } from '../topics.js';
import { AvroWire } from './avro-wire.js';
import { KafkaBus } from './kafka-bus.js';
import { KAFKA_DEFAULTS, type KafkaSettings } from './settings.js';

/** The section `bus.kafka` of the config. */
export const kafkaSchema = z.strictObject({
  /** host:port */
  brokers: z.array(z.string().regex(/^\S+:\d+$/, 'write host:port')).min(1),
  clientId: z.string().min(1).optional(),
  prefix: z
    .string()
    .regex(/^[\w.-]*$/, 'use letters, digits, dots, dashes and underscores')
    .optional(),
  partitions: z.number().int().min(1).max(10_000).optional(),
  replicas: z.number().int().min(1).optional(),
  tls: z
    .union([
      z.boolean(),
      z.strictObject({
        caFile: z.string().min(1).optional(),
        certFile: z.string().min(1).optional(),
        keyFile: z.string().min(1).optional(),
      }),
    ])
    .optional(),
  sasl: z
    .discriminatedUnion('mechanism', [
      z.strictObject({ mechanism: z.literal('plain'), username: z.string(), password: z.string() }),
      z.strictObject({ mechanism: z.literal('scram-sha-256'), username: z.string(), password: z.string() }),
      z.strictObject({ mechanism: z.literal('scram-sha-512'), username: z.string(), password: z.string() }),
      z
        .strictObject({
          mechanism: z.literal('oauthbearer'),
          token: z.string().min(1).optional(),
          tokenFile: z.string().min(1).optional(),
        })
        .refine((s) => (s.token === undefined) !== (s.tokenFile === undefined), 'give token or tokenFile'),
    ])
    .optional(),
  registry: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }),
      username: z.string().optional(),
      password: z.string().optional(),
    })
    .optional(),
  sessionTimeoutMs: z.number().int().min(6_000).optional(),
  transactionTimeoutMs: z.number().int().min(1_000).optional(),
});

export type KafkaSection = z.infer<typeof kafkaSchema>;

/** What a process has to do with: topics that others use need not be there, nor be ours to see. */
export interface TopicUse {
  readonly topics?: readonly Topic<unknown>[];
  readonly publishOnly?: boolean;
}

/** Errors: config-invalid for a certificate that cannot be read, bus-failed. */
export async function openKafka(
  section: KafkaSection,
  telemetry: Telemetry,
  { publishOnly, topics: used = Object.values(topics) }: TopicUse = {},
): Promise<KafkaBus> {
  const access = kafkaAccess(section);
  return KafkaBus.connect({ ...access, telemetry, topics: used.map((t) => t.name), publishOnly });
}

/** How a section reaches its cluster, and what its messages are. Errors: config-invalid. */
export function kafkaAccess({ registry, tls, ...rest }: KafkaSection): {
  settings: KafkaSettings;
  wire: AvroWire;
} {
  const settings: KafkaSettings = { ...rest, tls: typeof tls === 'object' ? pemTexts(tls) : tls };
  return { settings, wire: new AvroWire(registry, settings.prefix ?? KAFKA_DEFAULTS.prefix) };
}

/** Without its secrets. */
export function redactKafka(section: KafkaSection): KafkaSection {
  const { sasl, registry } = section;
  const hidden = '***';
  return {
    ...section,
    ...(sasl && {
      sasl:
        sasl.mechanism !== 'oauthbearer'
          ? { ...sasl, password: hidden }
          : { ...sasl, ...(sasl.token !== undefined && { token: hidden }) },
    }),
    ...(registry && {
      registry: {
        ...registry,
        url: redact(registry.url),
        ...(registry.password !== undefined && { password: hidden }),
      },
    }),
  };
}

function pemTexts(
  files: Exclude<KafkaSection['tls'], boolean | undefined>,
): Exclude<KafkaSettings['tls'], undefined> {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new LogowatchError('config-invalid', 'A file of bus.kafka.tls cannot be read', {
        value: path,
        remedy: 'Name a PEM file',
        cause,
      });
    }
  };
  const { caFile, certFile, keyFile } = files;
  return {
    ...(caFile !== undefined && { ca: read(caFile) }),
    ...(certFile !== undefined && { cert: read(certFile) }),
    ...(keyFile !== undefined && { key: read(keyFile) }),
  };
}
