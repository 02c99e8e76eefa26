import { mkdir } from 'node:fs/promises';
import type { Appearance } from '../../core/appearance.js';
import { describeError } from '../../core/errors.js';
import { lockFolder } from '../../core/folder-lock.js';
import type { SinkContext } from '../context.js';
import { SinkError } from '../errors.js';
import { misfit } from '../parquet/columns.js';
import { convertJournal, journalPath, leftJournals, newJournalId, syncFolder } from '../parquet/journal.js';
import type { Sink } from '../sink.js';
import { asSinkError, createJsonl } from './jsonl.js';

export interface ParquetOptions {
  /** Folder of the files; made where it is missing. */
  readonly path: string;
  /** A file holds no more than so many minutes of events; default 60. */
  readonly rotateMinutes?: number | undefined;
  /** A file holds about so many events, to the batch; default 100,000. */
  readonly rotateEvents?: number | undefined;
}

/** How often the age of the journal is looked at, and a Parquet file that failed is tried again. */
const TICK_MS_MAX = 30_000;

/**
 * Parquet files, a row for each revision; docs/parquet.md has the columns. A Parquet file is nothing without its end, so events
 * go to a journal of JSON lines first: a write resolves when they are on the disk there. A journal that is full, old enough,
 * left by another run or ended by the close becomes a file; where that fails it stays and is tried again, and only the close
 * tells. One writer a folder. Throws disk-full (may be repeated when there is space again) and sink-failed.
 */
export async function createParquet(options: ParquetOptions, context: SinkContext): Promise<Sink> {
  const { path } = options;
  let unlock: (() => Promise<void>) | undefined;
  try {
    await mkdir(path, { recursive: true });
    unlock = await lockFolder(path);
    if (unlock === undefined) throw inUse(path);
    return new ParquetSink(options, context, unlock, await leftJournals(path));
  } catch (error) {
    await unlock?.();
    throw asSinkError(error, path);
  }
}

interface Journal {
  readonly id: string;
  readonly lines: Sink;
  readonly sinceMs: number;
  events: number;
}

class ParquetSink implements Sink {
  readonly name: string;
  readonly #path: string;
  readonly #context: SinkContext;
  readonly #rotateMs: number;
  readonly #rotateEvents: number;
  readonly #unlock: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #journal: Journal | undefined;
  /** Journals that are complete, but no Parquet files yet. */
  readonly #complete: Set<string>;
  #converting: Promise<void> | undefined;
  #closed = false;
  /** Writes and ticks go one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    options: ParquetOptions,
    context: SinkContext,
    unlock: () => Promise<void>,
    left: readonly string[],
  ) {
    this.name = context.name ?? 'parquet';
    this.#path = options.path;
    this.#context = context;
    this.#rotateMs = (options.rotateMinutes ?? 60) * 60_000;
    this.#rotateEvents = options.rotateEvents ?? 100_000;
    this.#unlock = unlock;
    this.#complete = new Set(left);
    this.#convertAside();
    const tick = () => {
      this.#last = this.#last.then(() => this.#tick());
    };
    this.#timer = setInterval(tick, Math.min(this.#rotateMs, TICK_MS_MAX));
    this.#timer.unref();
  }

  write(events: readonly Appearance[]): Promise<void> {
    if (this.#closed) {
      return Promise.reject(
        new SinkError('The folder of Parquet files is closed', { scope: 'sink', value: this.#path }),
      );
    }
    const result = this.#last.then(() => this.#append(events));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#last;
    try {
      await this.#rotate();
      // One that is under way knows nothing of the last journal.
      await this.#converting?.catch(() => undefined);
      await this.#convert();
    } finally {
      await this.#unlock();
    }
  }

  async #append(events: readonly Appearance[]): Promise<void> {
    if (events.length === 0) return;
    for (const event of events) refuseMisfit(event);
    this.#journal ??= await this.#begin();
    await this.#journal.lines.write(events);
    this.#journal.events += events.length;
    if (this.#journal.events < this.#rotateEvents) return;
    await this.#rotate();
    this.#convertAside();
  }

  async #begin(): Promise<Journal> {
    const id = newJournalId();
    const lines = await createJsonl({ path: journalPath(this.#path, id) }, this.#context);
    try {
      await syncFolder(this.#path);
    } catch (error) {
      await lines.close();
      throw asSinkError(error, this.#path);
    }
    return { id, lines, sinceMs: performance.now(), events: 0 };
  }

  async #tick(): Promise<void> {
    if (this.#journal !== undefined && performance.now() - this.#journal.sinceMs >= this.#rotateMs) {
      await this.#rotate();
    }
    this.#convertAside();
  }

  /** Never fails: what was acknowledged is on the disk already. */
  async #rotate(): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    this.#journal = undefined;
    await journal.lines.close().catch((error) => this.#warn(error));
    this.#complete.add(journal.id);
  }

  /** Events are taken meanwhile, into the next journal. */
  #convertAside(): void {
    this.#convert().catch((error) => this.#warn(error));
  }

  /** One conversion at a time. Rejects with the first failure when the others are done. */
  #convert(): Promise<void> {
    this.#converting ??= this.#convertComplete().finally(() => {
      this.#converting = undefined;
    });
    return this.#converting;
  }

  async #convertComplete(): Promise<void> {
    let failed: { error: unknown } | undefined;
    for (const id of this.#complete) {
      try {
        await convertJournal(this.#path, id, this.#context);
        this.#complete.delete(id);
      } catch (error) {
        failed ??= { error: asSinkError(error, journalPath(this.#path, id)) };
      }
    }
    if (failed !== undefined) throw failed.error;
  }

  #warn(error: unknown): void {
    const message = `No Parquet file yet, the events are kept: ${describeError(error)}`;
    this.#context.telemetry.emit({ type: 'warning', message });
  }
}

function refuseMisfit(event: Appearance): void {
  const column = misfit(event);
  if (column === undefined) return;
  throw new SinkError('The event has no right value for a column', {
    scope: 'event',
    value: `${event.id}: ${column}`,
  });
}

function inUse(path: string): SinkError {
  return new SinkError('Another sink writes Parquet files into this folder', {
    scope: 'sink',
    value: path,
    remedy: 'Give each a folder of its own: readers take several',
  });
}
