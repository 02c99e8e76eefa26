import { readFile } from 'node:fs/promises';
import { closest, distance } from 'fastest-levenshtein';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { kafkaSchema, redactKafka } from './bus/kafka/config.js';
import { interpolate } from './config-values.js';
import { errnoCode, LogowatchError } from './core/errors.js';
import { redact } from './core/redact.js';
import { evidenceSchema } from './evidence/config.js';
import { exposureSchema } from './exposure/settings.js';
import { redactSink, type SinkConfig, sinkSchema } from './sink/config.js';
import { redactStore, storeSchema } from './store/config.js';
import type { StreamText } from './streams/entry.js';
import { type StreamConfig, streamSchema, streamSettings } from './streams/schema.js';
import { webSchema } from './web/config.js';

const smoothing = z.strictObject({
  /** Wanted false appearances an hour, all brands of a stream together. */
  falsePerHour: z.number().positive().optional(),
  /** A logo that is away for less stays one appearance. */
  gapMs: z.number().int().min(0).optional(),
  minFrames: z.number().int().min(2).optional(),
  /** How often an open appearance is reported again. */
  ongoingEveryMs: z.number().int().min(100).optional(),
  /** By brand, instead of what `calibrate` has set; nats. */
  onset: z
    .record(
      z.string().min(1),
      z.strictObject({ driftLlr: z.number().min(0), thresholdLlr: z.number().positive() }),
    )
    .optional(),
});

const schema = z.strictObject({
  model: z.string().min(1).optional(),
  engine: z.enum(['auto', 'onnx-int8', 'onnx-f32', 'tfjs']).default('auto'),
  threads: z.number().int().min(1).max(64).optional(),
  ffmpegPath: z.string().min(1).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
  /** /healthz, /readyz and /metrics; left out: no port is opened. */
  ops: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.coerce.number().int().min(0).max(65_535).default(9464),
      /** For /api: whoever has it may list and change streams. Left out: there is no /api. */
      token: z.string().min(16, 'use 16 characters or more').optional(),
      /** What streams that the API adds may name as `${NAME}`; by default nothing. */
      streamSecrets: z.array(z.string().min(1)).default([]),
    })
    .optional(),
  /** The page and its API; left out: no port is opened. */
  web: webSchema.optional(),
  /** OpenTelemetry; left out: no traces. */
  tracing: z
    .strictObject({
      endpoint: z.url({ protocol: /^https?$/ }).optional(),
      ratio: z.number().min(0).max(1).default(0.01),
    })
    .optional(),
  /** Left out: everything in one process. */
  bus: z.strictObject({ kafka: kafkaSchema.optional() }).default({}),
  defaults: z.strictObject(z.object(streamSettings).partial().shape).default({}),
  streams: z.array(streamSchema).default([]),
  smoothing: smoothing.default({}),
  sinks: z.array(sinkSchema).default([]),
  /** PostgreSQL or the embedded database; left out: none. */
  store: storeSchema.optional(),
  /** Pictures of appearances, on the disk; left out: the newest few hundred, in memory, for the page. */
  evidence: evidenceSchema.optional(),
  /** Tells configs apart that share a cluster: each minds the streams that it names. */
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'use 1 to 64 letters, digits, dots, dashes or underscores')
    .default('default'),
  /** How reports count (docs/exposure.md). */
  exposure: exposureSchema.prefault({}),
});

export type Config = z.infer<typeof schema>;
export type { SinkConfig, StreamConfig };

export interface ConfigFile {
  readonly config: Config;
  /** The streams as they are written, with the defaults, `${NAME}` left as it is; undefined where the file has no such key. */
  readonly streamTexts: readonly StreamText[] | undefined;
}

/** Reads YAML; `${NAME}` in any value is the environment's, `${file:PATH}` what a file holds. Throws config-invalid, naming key and remedy. */
export async function loadConfig(path: string, environment = process.env): Promise<Config> {
  return (await loadConfigFile(path, environment)).config;
}

/** As `loadConfig`, and what is written of the streams. */
export async function loadConfigFile(path: string, environment = process.env): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const missing = errnoCode(cause) === 'ENOENT';
    throw new LogowatchError(
      'config-invalid',
      missing ? 'No such config file' : 'The config cannot be read',
      {
        value: path,
        remedy: 'Check the path after -c',
        cause,
      },
    );
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new LogowatchError(
      'config-invalid',
      `${path} is not YAML: ${redact(error.message.split('\n')[0] ?? '')}`,
      {
        remedy: 'Mend that line',
      },
    );
  }
  const written = document.toJS() ?? {};
  const config = parseConfig(interpolate(written, environment), path);
  const { streams, defaults } = written as { streams?: StreamText[]; defaults?: object };
  return { config, streamTexts: streams?.map((s) => ({ ...defaults, ...s })) };
}

/** A stream with `${NAME}` filled in. Throws config-invalid. */
export function parseStream(text: object, environment = process.env): StreamConfig {
  const result = streamSchema.safeParse(interpolate(text, environment, 'stream'));
  if (result.success) return result.data;
  throw invalid(result.error.issues, text, 'stream');
}

/** Checks a config that is already an object; `origin` names it in errors. */
export function parseConfig(value: unknown, origin = 'config'): Config {
  const result = schema.safeParse(value);
  if (!result.success) throw invalid(result.error.issues, value, origin);
  const ids = result.data.streams.map((s) => s.id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) {
    throw new LogowatchError('config-invalid', `${origin}: two streams have the id "${twice}"`, {
      remedy: 'Give each stream an id of its own',
    });
  }
  return { ...result.data, streams: result.data.streams.map((s) => ({ ...result.data.defaults, ...s })) };
}

/** The config as it may be shown: no secret in it. */
export function redactConfig(config: Config): Config {
  return {
    ...config,
    ...(config.ops?.token !== undefined && { ops: { ...config.ops, token: '***' } }),
    ...(config.web !== undefined && {
      web: { ...config.web, tokens: config.web.tokens.map((t) => ({ ...t, token: '***' })) },
    }),
    streams: config.streams.map((s) => ({ ...s, url: redact(s.url) })),
    sinks: config.sinks.map(redactSink),
    ...(config.store && { store: redactStore(config.store) }),
    ...(config.tracing?.endpoint !== undefined && {
      tracing: { ...config.tracing, endpoint: redact(config.tracing.endpoint) },
    }),
    ...(config.bus.kafka && { bus: { kafka: redactKafka(config.bus.kafka) } }),
  };
}

type Issue = z.core.$ZodIssue;

function invalid(issues: readonly Issue[], value: unknown, origin: string): LogowatchError {
  const lines = issues.map((issue) => {
    const where = issue.path
      .map((p) => (typeof p === 'number' ? `[${p}]` : `.${String(p)}`))
      .join('')
      .replace(/^\./, '');
    if (issue.code !== 'unrecognized_keys') return `${where || 'the file'}: ${issue.message}`;
    return issue.keys.map((key) => unknownKey(key, where, knownKeys(issue.path, value))).join('; ');
  });
  return new LogowatchError('config-invalid', `${origin}: ${lines.join('; ')}`, {
    remedy: 'docs/configuration.md lists every key',
  });
}

function unknownKey(key: string, where: string, known: readonly string[]): string {
  const place = where === '' ? '' : ` in ${where}`;
  const nearest = known.length === 0 ? undefined : closest(key, known);
  const near = nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 2);
  return `unknown key "${key}"${place}${near ? `, did you mean "${nearest}"?` : known.length === 0 ? '' : ` (known: ${known.join(', ')})`}`;
}

/** The keys that the schema has at a path. */
function knownKeys(path: readonly PropertyKey[], value: unknown): string[] {
  if (path.length === 0) return Object.keys(schema.shape);
  switch (path[0]) {
    case 'defaults':
      return Object.keys(streamSettings);
    case 'streams':
      return Object.keys(streamSchema.shape);
    case 'exposure':
      return path.length === 1 ? Object.keys(exposureSchema.shape) : [];
    case 'evidence':
      return Object.keys(evidenceSchema.shape);
    case 'ops':
      return ['host', 'port', 'token', 'streamSecrets'];
    case 'web':
      return path.length === 1 ? Object.keys(webSchema.shape) : ['token', 'role'];
    case 'tracing':
      return ['endpoint', 'ratio'];
    case 'bus':
      return path.length === 1 ? ['kafka'] : path.length === 2 ? Object.keys(kafkaSchema.shape) : [];
    case 'store':
      return Object.keys(storeSchema.shape);
    case 'smoothing':
      return Object.keys(smoothing.shape);
    case 'sinks': {
      const type = (value as { sinks?: { type?: unknown }[] }).sinks?.[Number(path[1])]?.type;
      return Object.keys(sinkSchema.options.find((o) => o.shape.type.value === type)?.shape ?? {});
    }
    default:
      return [];
  }
}
