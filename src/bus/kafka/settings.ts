import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsumerConfig, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { Refusal } from './refusal.js';

/** How to reach a cluster. Secrets are values already taken from the environment or a file; they are never printed. */
export interface KafkaSettings {
  /** host:port */
  readonly brokers: readonly string[];
  readonly clientId?: string | undefined;
  /** Before the names of topics, groups and transactions; default `logowatch.`. */
  readonly prefix?: string | undefined;
  /** Of topics that are not there yet; default 12. More than there will ever be consumers: a re-partition moves streams. */
  readonly partitions?: number | undefined;
  /** Copies of each record; default the cluster's own. */
  readonly replicas?: number | undefined;
  /** PEM texts, or true for the system's authorities. */
  readonly tls?:
    | boolean
    | { readonly ca?: string; readonly cert?: string; readonly key?: string }
    | undefined;
  readonly sasl?: SaslSettings | undefined;
  /** A consumer that gives no sign of life for so long loses its partitions; default 10 s. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Tries until a cluster counts as unreachable when we start; default 8, some five seconds. */
  readonly connectTries?: number | undefined;
  /** A transaction left open for so long is rolled back, which is how long a crash may hold up readers; default 10 s. */
  readonly transactionTimeoutMs?: number | undefined;
}

export type SaslSettings =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      /** One of both: a token that outlives the process, or a file whose token is read anew at each login. */
      readonly token?: string | undefined;
      readonly tokenFile?: string | undefined;
    };

export const KAFKA_DEFAULTS = {
  clientId: 'logowatch',
  prefix: 'logowatch.',
  partitions: 12,
  sessionTimeoutMs: 10_000,
  transactionTimeoutMs: 10_000,
} as const;

const TOKEN_TRIES = 5;
const TOKEN_PAUSE_MS = 200;

/** Greatest message, bytes: what topics, fetches and codecs agree on. */
export const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

/** Of a process that reads all partitions for itself, in a group that nobody else is in. */
export const readerSettings = (groupId: string): ConsumerConfig => ({
  groupId,
  maxBytesPerPartition: MESSAGE_BYTES_MAX,
  maxWaitTimeInMs: 200,
  allowAutoTopicCreation: false,
  retry: { initialRetryTime: 50, retries: 60, maxRetryTime: 1_000, restartOnFailure: async () => true },
});

/** @param goesOn whether a member that crashed joins again */
export function memberSettings(
  groupId: string,
  { sessionTimeoutMs = KAFKA_DEFAULTS.sessionTimeoutMs }: KafkaSettings,
  goesOn: () => boolean,
): ConsumerConfig {
  return {
    groupId,
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
      restartOnFailure: async () => goesOn(),
    },
  };
}

/**
 * kafkajs says at WARN and ERROR what it then tries again and gets: single answers of a broker (a coordinator that still
 * loads, a transaction before this one that still closes). What is final reaches us as an error.
 */
const NOT_FINAL = /^Response |^Limiting retries|another concurrent operation on the same transaction/;

export function clientConfig(settings: KafkaSettings, telemetry: Telemetry | undefined): KafkaConfig {
  const { brokers, clientId = KAFKA_DEFAULTS.clientId, tls, sasl } = settings;
  return {
    clientId,
    brokers: [...brokers],
    ...(tls === undefined ? {} : { ssl: typeof tls === 'boolean' ? tls : { ...tls } }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    // By default the first pause is 300 ms, which alone holds transactions to three a second.
    retry: { initialRetryTime: 20, maxRetryTime: 1_000, retries: 60 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      const { message, error } = entry.log as { message: string; error?: string };
      const text = error === undefined ? message : `${message}: ${error}`;
      if (!NOT_FINAL.test(text)) telemetry?.emit({ type: 'warning', message: `kafka: ${text}` });
    },
  };
}

function saslOptions(sasl: SaslSettings): SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return sasl;
  const { token, tokenFile } = sasl;
  const value = async () => token ?? (await tokenOf(tokenFile ?? ''));
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await value() }) };
}

/** Asked at each login, which includes those by which a connection outlives its token. */
async function tokenOf(file: string): Promise<string> {
  let cause: unknown;
  for (let attempt = 1; attempt <= TOKEN_TRIES; attempt++) {
    try {
      const token = (await readFile(file, 'utf8')).trim();
      if (token !== '') return token;
    } catch (error) {
      cause = error;
    }
    // Whoever renews it may be about to write it.
    await sleep(TOKEN_PAUSE_MS);
  }
  throw new Refusal('bus-failed', 'The token for Kafka cannot be read', {
    value: file,
    remedy: 'Check bus.kafka.sasl.tokenFile',
    cause,
  });
}
