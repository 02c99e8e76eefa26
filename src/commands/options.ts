import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { repoRoot } from '../core/root.js';

/** The model that comes with the program: marks of the demo's broadcast. */
export function demoModel(): string {
  return join(repoRoot(), 'models', 'demo');
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new InvalidArgumentError('Give a whole number above 0.');
  return value;
}

export function engineOption(): Option {
  return new Option('--engine <name>', 'what runs the network').choices([
    'auto',
    'onnx-int8',
    'onnx-f32',
    'tfjs',
  ]);
}

export function threadsOption(): Option {
  return new Option('--threads <n>', 'threads that look at pictures').argParser(positiveInteger);
}

const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000 } as const;

/** `90`, `90s`, `10m`, `1h30m`: milliseconds. */
export function durationMs(text: string): number {
  const parts = /^(?:\d+(?:\.\d+)?[hms])+$/.test(text) ? text.match(/[\d.]+[hms]/g) : undefined;
  const ms = parts
    ? parts.reduce((sum, part) => sum + Number.parseFloat(part) * UNIT_MS[part.at(-1) as 'h' | 'm' | 's'], 0)
    : Number(text || Number.NaN) * 1000;
  if (!(ms > 0 && ms < 2 ** 31))
    throw new InvalidArgumentError('Give a time above 0 and under 24 days, like 90s, 10m or 1h30m.');
  return ms;
}

/** A probability. */
export function share(text: string): number {
  const value = Number(text || Number.NaN);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Give a number between 0 and 1.');
  return value;
}
