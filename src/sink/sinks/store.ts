import type { Appearance } from '../../core/appearance.js';
import { describeError } from '../../core/errors.js';
import { StoreError } from '../../store/errors.js';
import { StoreHandle } from '../../store/handle.js';
import type { StoreOptions } from '../../store/open.js';
import { startRetention } from '../../store/retention.js';
import type { SinkContext } from '../context.js';
import { type FailureScope, SinkError } from '../errors.js';
import type { Sink } from '../sink.js';

export interface StoreSinkOptions extends StoreOptions {
  /** What ended so many days ago is erased, daily; left out: nothing is. */
  readonly retentionDays?: number | undefined;
}

/**
 * Keeps the last revision of every appearance in a PostgreSQL, on a server or embedded (docs/store.md). A server that is away is
 * waited for, from the start on; a wrong password, a newer schema or a folder that another process has open is told at once.
 * Throws sink-failed and disk-full.
 */
export async function createStore(options: StoreSinkOptions, context: SinkContext): Promise<Sink> {
  const sink = new StoreSink(options, context);
  try {
    await sink.open();
  } catch (error) {
    if (!(error instanceof StoreError && error.transient)) {
      await sink.close();
      throw asSinkError(error);
    }
    context.telemetry.emit({ type: 'warning', message: describeError(error) });
  }
  return sink;
}

class StoreSink implements Sink {
  readonly name: string;
  readonly #handle: StoreHandle;
  readonly #stopRetention: () => Promise<void>;
  #closed = false;

  constructor(options: StoreSinkOptions, context: SinkContext) {
    this.name = context.name ?? 'store';
    const { retentionDays, ...where } = options;
    this.#handle = new StoreHandle(where);
    const warn = (error: unknown) =>
      context.telemetry.emit({ type: 'warning', message: `retention: ${describeError(error)}` });
    this.#stopRetention =
      retentionDays === undefined
        ? async () => undefined
        : startRetention(retentionDays, async (end) => (await this.#handle.open()).eraseBefore(end), warn);
  }

  /** Errors: StoreError. */
  async open(): Promise<void> {
    await this.#handle.open();
  }

  async write(events: readonly Appearance[]): Promise<void> {
    if (this.#closed) throw new SinkError('The store is closed', { scope: 'sink' });
    if (events.length === 0) return;
    try {
      await (await this.#handle.open()).upsert(events);
    } catch (error) {
      throw asSinkError(error);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#stopRetention();
    await this.#handle.close();
  }
}

function asSinkError(error: unknown): unknown {
  // Repeated, as whatever has no scope.
  if (!(error instanceof StoreError) || error.code === 'disk-full') return error;
  return new SinkError(error.message, {
    scope: scopeOf(error),
    cause: error,
    ...(error.value === undefined ? {} : { value: error.value }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  });
}

function scopeOf({ code, ofValue, transient }: StoreError): FailureScope {
  if (ofValue) return 'event';
  return transient || code === 'store-failed' ? 'retry' : 'sink';
}
