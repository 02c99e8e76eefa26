import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Appearance } from '../../src/core/appearance.js';
import { repoRoot } from '../../src/core/root.js';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
  readonly ended: Promise<CliResult>;
}

/** The program as built, in a process of its own. Ended by SIGKILL after `limitMs`. */
export function startCli(
  args: readonly string[],
  options: { limitMs?: number; cwd?: string; env?: Readonly<Record<string, string>>; group?: boolean } = {},
): RunningCli {
  const started = performance.now();
  const program = join(repoRoot(), 'dist', 'src', 'cli.js');
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', CI: 'true', ...options.env },
    // A group of its own, as a shell gives it: Ctrl-C reaches all processes of it.
    detached: options.group === true,
    timeout: options.limitMs ?? 240_000,
    killSignal: 'SIGKILL',
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (d) => (text.stdout += d));
  child.stderr.on('data', (d) => (text.stderr += d));
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...text, seconds: (performance.now() - started) / 1000 }));
  });
  return { child, text, ended };
}

export function runCli(...args: string[]): Promise<CliResult> {
  return startCli(args).ended;
}

/** Every event of a file, in order. Throws on a line that is no JSON. */
export function readEvents(file: string): Appearance[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((l) => l !== '');
  return lines.map((line) => JSON.parse(line) as Appearance);
}

/** The last revision of each appearance. */
export function lastRevisions(events: readonly Appearance[]): Appearance[] {
  const last = new Map<string, Appearance>();
  for (const event of events) {
    const known = last.get(event.id);
    if (known === undefined || event.revision > known.revision) last.set(event.id, event);
  }
  return [...last.values()];
}
