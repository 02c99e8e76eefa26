import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import type { TimeRange } from '../bus/kafka/range.js';
import { type Config, parseConfig } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { durationMs } from './options.js';

/** ISO 8601 (local time where it names no zone), or back from now: `-2h`, `-1h30m`. Milliseconds since the epoch. */
export function timeOf(text: string, nowMs = Date.now()): number {
  if (text.startsWith('-')) return nowMs - durationMs(text.slice(1));
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new InvalidArgumentError(
      'Give a time like 2026-01-31T20:00:00Z, or back from now like -2h or -90m.',
    );
  return ms;
}

/** Errors: usage. */
export function timeRange(fromMs: number, toMs: number): TimeRange {
  if (fromMs < toMs) return { fromMs, toMs };
  throw new LogowatchError('usage', 'The range ends before it begins', {
    value: `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
    remedy: 'Give --from before --to; --to is now where it is left out',
  });
}

type Smoothing = Config['smoothing'];

/** Each one `key=value`, or a YAML file with such keys, or with a section `smoothing`. Errors: config-invalid, usage. */
export async function smoothingOf(given: readonly string[]): Promise<Smoothing> {
  const all: Smoothing = {};
  for (const one of given) Object.assign(all, await readOne(one));
  return all;
}

async function readOne(text: string): Promise<Smoothing> {
  const [, key, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (key !== undefined && value !== undefined)
    return parseConfig({ smoothing: { [key]: parse(value) } }, '--smoothing').smoothing;
  let content: unknown;
  try {
    content = parse(await readFile(text, 'utf8'));
  } catch (cause) {
    throw new LogowatchError('usage', '--smoothing is neither key=value nor a YAML file that can be read', {
      value: text,
      remedy: 'Write for example --smoothing minFrames=5, or name a file',
      cause,
    });
  }
  const section = (content as { smoothing?: unknown } | null)?.smoothing ?? content ?? {};
  return parseConfig({ smoothing: section }, text).smoothing;
}
