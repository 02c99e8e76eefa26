import { constants, type Stats } from 'node:fs';
import { appendFile, type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Appearance } from '../../core/appearance.js';
import { errnoCode, isDiskFull, LogowatchError } from '../../core/errors.js';
import type { SinkContext } from '../context.js';
import { SinkError } from '../errors.js';
import type { Sink } from '../sink.js';

export interface JsonlOptions {
  readonly path: string;
  /**
   * `batch` (default): a write resolves when its lines are on the disk (fdatasync). `close`: only the last write is
   * waited for so; a power failure may then cost what the system had not yet written.
   */
  readonly sync?: 'batch' | 'close' | undefined;
}

/**
 * Appends an event a line: {id, revision, state, ...} as core/appearance.ts has it. A batch is one write of whole
 * lines; when it does not go through whole, the file is cut back to its last whole line, so that a torn line never
 * stays. An event that is written twice is two equal lines: readers keep the last revision of an id. One writer a file.
 * Throws disk-full (may be repeated when there is space again) and sink-failed.
 */
export async function createJsonl(options: JsonlOptions, context: SinkContext): Promise<Sink> {
  const { path } = options;
  let file: FileHandle | undefined;
  try {
    await mkdir(dirname(path), { recursive: true });
    file = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o644);
    const stats = await file.stat();
    if (stats.isFile()) await recover(file, path, stats, context);
    return new JsonlSink(context.name ?? 'jsonl', path, file, stats.isFile(), options.sync ?? 'batch');
  } catch (error) {
    await file?.close();
    throw asSinkError(error, path);
  }
}

class JsonlSink implements Sink {
  readonly name: string;
  readonly #path: string;
  readonly #sync: 'batch' | 'close';
  /** False for a device or a pipe, which can be neither cut nor synced. */
  readonly #regular: boolean;
  #file: FileHandle | undefined;
  /** Length to cut the file back to, while a failed write has not been undone. */
  #undoTo: number | undefined;
  /** Writes go one after the other: the length before one must be the end of the last. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, path: string, file: FileHandle, regular: boolean, sync: 'batch' | 'close') {
    this.name = name;
    this.#path = path;
    this.#file = file;
    this.#regular = regular;
    this.#sync = sync;
  }

  write(events: readonly Appearance[]): Promise<void> {
    const result = this.#last.then(() => this.#append(events));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    await this.#last;
    try {
      if (this.#undoTo !== undefined) await file.truncate(this.#undoTo);
      if (this.#regular) await file.datasync();
    } catch (error) {
      throw asSinkError(error, this.#path);
    } finally {
      await file.close();
    }
  }

  async #append(events: readonly Appearance[]): Promise<void> {
    if (events.length === 0) return;
    const file = this.#file;
    if (file === undefined) {
      throw new SinkError('The event file is closed', { scope: 'sink', value: this.#path });
    }
    const lines = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    try {
      await this.#undo(file);
      const length = this.#regular ? (await file.stat()).size : 0;
      if (this.#regular) this.#undoTo = length;
      const { bytesWritten } = await file.write(lines);
      if (bytesWritten < lines.length) {
        throw diskFull(this.#path, new Error(`${bytesWritten} of ${lines.length} bytes written`));
      }
      this.#undoTo = undefined;
      if (this.#regular && this.#sync === 'batch') await file.datasync();
    } catch (error) {
      // A cut that fails too is tried again before the next write, and at the close.
      await this.#undo(file).catch(() => undefined);
      throw asSinkError(error, this.#path);
    }
  }

  async #undo(file: FileHandle): Promise<void> {
    if (this.#undoTo === undefined) return;
    await file.truncate(this.#undoTo);
    this.#undoTo = undefined;
  }
}

const BLOCK = 1 << 16;

/**
 * Puts a torn last line, left by a crash or a full disk of another program, aside into `<file>.torn`. A whole event
 * that lacks nothing but its newline gets it.
 */
async function recover(file: FileHandle, path: string, stats: Stats, context: SinkContext): Promise<void> {
  if (stats.size === 0) return;
  const { start, line } = await lastLine(file, stats.size);
  const whole = isJsonObject(line);
  if (whole && line.at(-1) === 0x0a) return;
  if (whole) {
    await file.write('\n');
    return;
  }
  await appendFile(`${path}.torn`, line.at(-1) === 0x0a ? line : Buffer.concat([line, Buffer.from('\n')]));
  await file.truncate(start);
  context.telemetry.emit({
    type: 'warning',
    message: `${path} ended in a torn line of ${line.length} bytes: moved to ${path}.torn`,
  });
}

/** The last line with its newline, if it has one, and where it starts. */
async function lastLine(file: FileHandle, size: number): Promise<{ start: number; line: Buffer }> {
  let tail = Buffer.alloc(0);
  for (let start = size; start > 0; ) {
    const length = Math.min(BLOCK, start);
    start -= length;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
    tail = Buffer.concat([buffer, tail]);
    const newline = tail.lastIndexOf(0x0a, tail.length - 2);
    if (tail.length > 1 && newline >= 0) {
      return { start: start + newline + 1, line: tail.subarray(newline + 1) };
    }
  }
  return { start: 0, line: tail };
}

function isJsonObject(line: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(line.toString());
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

function diskFull(path: string, cause: unknown): LogowatchError {
  return new LogowatchError('disk-full', 'No space is left for the event file', {
    value: path,
    remedy: 'Free some space: the events wait and are written then',
    cause,
  });
}

export function asSinkError(error: unknown, path: string): LogowatchError {
  if (error instanceof LogowatchError) return error;
  const code = errnoCode(error);
  if (isDiskFull(error)) return diskFull(path, error);
  return new SinkError(`The event file cannot be written: ${code ?? String(error)}`, {
    scope: code === 'EIO' || code === 'EAGAIN' ? 'retry' : 'sink',
    value: path,
    remedy: 'Check the path and its permissions',
    cause: error,
  });
}
