import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { childEnvironment } from '../../core/child-environment.js';
import { LineRing, LineSplitter } from './lines.js';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The child could not be started at all. */
  readonly spawnError?: Error;
}

export interface ProcessOptions {
  readonly stdin?: string;
  /** Every line of stderr, NOT redacted: it may hold the URL. */
  readonly onLine: (line: string) => void;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number;
}

/** Whoever leaves without a drain (a second Ctrl-C, a crash) still takes its children along. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One ffmpeg from its start until it is reaped. The only place that spawns. */
export class SupervisedProcess {
  /** Resolves when the child is reaped and all its output was read. Never rejects. */
  readonly closed: Promise<ProcessExit>;
  readonly stdout: Readable;
  readonly #child: ChildProcess;
  readonly #stderr = new LineRing();
  readonly #graceMs: number;
  #spawnError: Error | undefined;
  #stopped: Promise<void> | undefined;

  constructor(path: string, args: readonly string[], options: ProcessOptions) {
    this.#graceMs = options.graceMs ?? 2_000;
    // AV_LOG_FORCE_NOCOLOR: showinfo lines are parsed.
    const env = { ...childEnvironment(), AV_LOG_FORCE_NOCOLOR: '1' };
    const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe'], env, windowsHide: true });
    this.#child = child;
    running.add(child);
    this.stdout = child.stdout;
    child.on('error', (error) => {
      this.#spawnError = error;
    });
    // A child that dies at once breaks the pipe: its exit says so already.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    this.#readStderr(child.stderr, options.onLine);
    this.closed = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        running.delete(child);
        const spawnError = this.#spawnError;
        resolve({ code, signal, ...(spawnError && { spawnError }) });
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** First and last lines of stderr without the frame lines, NOT redacted. */
  get stderr(): string[] {
    return this.#stderr.lines();
  }

  /** SIGTERM, then SIGKILL; resolves when the child is reaped. What it still writes is discarded. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.stdout.destroy();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#graceMs);
    await this.closed;
    clearTimeout(timer);
  }

  #readStderr(stderr: Readable, onLine: (line: string) => void): void {
    const splitter = new LineSplitter((line) => {
      if (!line.includes('Parsed_showinfo')) this.#stderr.push(line);
      onLine(line);
    });
    stderr.setEncoding('utf8');
    stderr.on('data', (text: string) => splitter.push(text));
    stderr.on('end', () => splitter.flush());
  }
}
