import type { SinkContext } from './context.js';
import type { Sink } from './sink.js';
import { createJsonl, type JsonlOptions } from './sinks/jsonl.js';
import { createMqtt, type MqttOptions } from './sinks/mqtt.js';
import { createParquet, type ParquetOptions } from './sinks/parquet.js';
import { createStdout, type StdoutOptions } from './sinks/stdout.js';
import { createStore, type StoreSinkOptions } from './sinks/store.js';
import { createWebhook, type WebhookOptions } from './sinks/webhook.js';

interface OptionsByType {
  jsonl: JsonlOptions;
  mqtt: MqttOptions;
  parquet: ParquetOptions;
  stdout: StdoutOptions;
  store: StoreSinkOptions;
  webhook: WebhookOptions;
}

export type SinkOptions = { [T in keyof OptionsByType]: { type: T } & OptionsByType[T] }[keyof OptionsByType];

type Factory<T extends keyof OptionsByType> = (
  options: OptionsByType[T],
  context: SinkContext,
) => Promise<Sink>;

/** The table of sinks: one file and one line each. */
const factories: { readonly [T in keyof OptionsByType]: Factory<T> } = {
  jsonl: createJsonl,
  mqtt: createMqtt,
  parquet: createParquet,
  stdout: createStdout,
  store: createStore,
  webhook: createWebhook,
};

/** Opens every sink, in order. When one cannot be opened, those before it are closed again. */
export async function createSinks(options: readonly SinkOptions[], context: SinkContext): Promise<Sink[]> {
  const sinks: Sink[] = [];
  try {
    for (const [i, one] of options.entries()) {
      const before = options.slice(0, i).filter((o) => o.type === one.type).length;
      const name = before === 0 ? one.type : `${one.type}-${before + 1}`;
      sinks.push(await create(one, { ...context, name }));
    }
    return sinks;
  } catch (error) {
    await Promise.allSettled(sinks.map((sink) => sink.close()));
    throw error;
  }
}

function create<T extends keyof OptionsByType>(
  options: { type: T } & OptionsByType[T],
  context: SinkContext,
): Promise<Sink> {
  return (factories[options.type] as Factory<T>)(options, context);
}
