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
  return new Option('--threads <n>', 'threads of one inference').argParser(positiveInteger);
}
