import type { Config, StreamConfig } from '../config.js';
import { describeError } from '../core/errors.js';
import { redact } from '../core/redact.js';
import type { SourceSpec } from '../ingest/source.js';
import type { StreamFailure } from '../pipeline.js';
import type { SinkOptions } from '../sink/create.js';
import { exitCodeOf } from './io.js';
import { demoModel } from './options.js';

export function modelOf(config: Config): string {
  if (config.model !== undefined) return config.model;
  process.stderr.write('logowatch: no --model given: looking for the marks of the demo model\n');
  return demoModel();
}

export function sourceSpec(stream: StreamConfig, config: Config): SourceSpec {
  const { id, ...rest } = stream;
  return { streamId: id, ...definedOnly({ ...rest, ffmpegPath: config.ffmpegPath }) } as SourceSpec;
}

/** The sinks of a config; a store is one of them. */
export const sinksOf = ({ sinks, store }: Pick<Config, 'sinks' | 'store'>): SinkOptions[] =>
  store === undefined ? sinks : [...sinks, { type: 'store', ...store }];

/** Says which streams ended for good, and sets the exit code. */
export function reportFailures(failures: readonly StreamFailure[]): void {
  for (const { streamId, error } of failures) {
    process.stderr.write(`logowatch: stream ${streamId}: ${redact(describeError(error))}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** Without the keys that are undefined: what exactOptionalPropertyTypes wants. */
export function definedOnly<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}
