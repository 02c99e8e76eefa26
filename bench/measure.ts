import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../src/core/root.js';

export interface Measured {
  readonly wallSeconds: number;
  /** User + system time of the process and of every descendant that was waited for. */
  readonly cpuSeconds: number;
  /** Resident memory of the process itself (not of its children) over time, bytes. */
  readonly rss: readonly { readonly seconds: number; readonly bytes: number }[];
  readonly stdout: string;
  readonly stderr: string;
}

/** /proc counts CPU time in hundredths of a second on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Runs a command to its end below a shell, whose own /proc entry then holds the CPU time of all that ran. */
export async function measure(command: string, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const script =
    '"$@" & child=$!; echo "$child" >&3; wait "$child"; code=$?; cat "/proc/$$/stat" >&3; exit "$code"';
  const shell = spawn('sh', ['-c', script, 'sh', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, out, err, side] = shell.stdio;
  const text = { stdout: '', stderr: '', side: '' };
  out?.on('data', (d: Buffer) => (text.stdout += d));
  err?.on('data', (d: Buffer) => (text.stderr += d));
  side?.on('data', (d: Buffer) => (text.side += d));
  const rss: { seconds: number; bytes: number }[] = [];
  const sampler = setInterval(() => {
    const bytes = residentBytes(Number(text.side.split('\n')[0]));
    if (bytes > 0) rss.push({ seconds: (performance.now() - started) / 1000, bytes });
  }, 500);
  const code = await new Promise<number | null>((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', resolve);
  });
  clearInterval(sampler);
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${text.stderr.slice(-2000)}`);
  // after the name in brackets: state is field 3; cutime and cstime are 16 and 17
  const fields = (text.side.split('\n')[1] ?? '').split(') ')[1]?.split(' ') ?? [];
  const cpuSeconds = (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  return {
    wallSeconds: (performance.now() - started) / 1000,
    cpuSeconds,
    rss,
    stdout: text.stdout,
    stderr: text.stderr,
  };
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** Runs our own program, built beside this file. */
export function measureCli(...args: string[]): Promise<Measured> {
  return measure(process.execPath, [join(repoRoot(), 'dist', 'src', 'cli.js'), ...args]);
}

/** Median of the last quarter over median of the second quarter, minus 1: growth after the warm-up. */
export function growth(rss: Measured['rss']): number {
  const median = (part: Measured['rss']) =>
    part.map((r) => r.bytes).sort((a, b) => a - b)[part.length >> 1] ?? Number.NaN;
  const n = rss.length;
  return (
    median(rss.slice(Math.floor(n * 0.75))) / median(rss.slice(Math.floor(n * 0.25), Math.floor(n * 0.5))) - 1
  );
}

export function table(rows: readonly (readonly (string | number)[])[]): string {
  const [head, ...body] = rows.map((r) => `| ${r.join(' | ')} |`);
  return [head, `|${rows[0]?.map(() => '---').join('|')}|`, ...body].join('\n');
}
