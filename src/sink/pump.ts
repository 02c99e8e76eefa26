import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, OutgoingRecord } from '../bus/bus.js';
import { Commits } from '../bus/commits.js';
import { committed } from '../bus/committed.js';
import type { Appearance } from '../core/appearance.js';
import { describeError, LogowatchError } from '../core/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Span, TraceHeaders, Tracer } from '../telemetry/tracer.js';
import { failureScope, SinkError } from './errors.js';
import type { Sink } from './sink.js';

export interface RetryPolicy {
  /** Pause after the first failure, milliseconds; doubles with each, up to `pauseMsMax`, times 0.5 to 1. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
  /** A sink that takes nothing for so long is given up. */
  readonly giveUpMs: number;
  /** A flush at the close may take so long. */
  readonly closeMs: number;
}

export const RETRY_DEFAULTS: RetryPolicy = {
  pauseMs: 500,
  pauseMsMax: 60_000,
  giveUpMs: 15 * 60_000,
  closeMs: 5_000,
};

export interface SinkReport {
  readonly name: string;
  readonly delivered: number;
  /** Events refused for good, or still waiting when the sink was given up or the run was cut off. */
  readonly lost: number;
  /** Why events were lost: the first cause. */
  readonly error?: LogowatchError;
}

/** So many events refused one after the other mean that it is not the events. */
const REFUSED_IN_A_ROW_MAX = 10;

/**
 * Carries one sink's batches to it, in order: repeats what may go through later, sets single refused events aside,
 * and after a final failure takes its events off the bus without committing them, so that the others go on.
 */
export class SinkPump {
  readonly #sink: Sink;
  readonly #telemetry: Telemetry;
  readonly #policy: RetryPolicy;
  /** Aborts when there is no time left: what is not delivered by then is lost. */
  readonly #stop: AbortSignal;
  /** Of the batch under way. */
  readonly #traces = new Map<Appearance, TraceHeaders>();
  #delivered = 0;
  #lost = 0;
  /** Of the lost ones, how many telemetry has heard of. */
  #told = 0;
  #refusedInARow = 0;
  #error: LogowatchError | undefined;
  #dead = false;

  constructor(sink: Sink, telemetry: Telemetry, policy: RetryPolicy, stop: AbortSignal) {
    this.#sink = sink;
    this.#telemetry = telemetry;
    this.#policy = policy;
    this.#stop = stop;
  }

  /** Resolves when the batches end, and the sink is closed. `onDead` is called when the sink is given up. */
  async run(batches: AsyncIterable<Batch<Appearance>>, onDead: () => void): Promise<SinkReport> {
    const commits = new Commits();
    this.#telemetry.emit({ type: 'sink-opened', sink: this.#sink.name });
    try {
      for await (const batch of batches) {
        await this.#deliverTraced(batch.records);
        if (!this.#dead) await commits.add(committed(batch.commit()));
        else onDead();
      }
      await commits.settle();
    } finally {
      await this.#close();
    }
    const error = this.#error === undefined ? {} : { error: this.#error };
    return { name: this.#sink.name, delivered: this.#delivered, lost: this.#lost, ...error };
  }

  async #deliverTraced(records: readonly OutgoingRecord<Appearance>[]): Promise<void> {
    const { tracer } = this.#telemetry;
    const lost = this.#lost;
    const spans = tracer === undefined ? [] : records.map((record) => this.#follow(tracer, record));
    await this.#deliver(records.map((record) => record.value));
    for (const span of spans) span?.end(this.#lost > lost ? this.#error?.message : undefined);
    this.#traces.clear();
  }

  #follow(tracer: Tracer, { value, headers }: OutgoingRecord<Appearance>): Span | undefined {
    const attributes = { 'logowatch.sink': this.#sink.name, 'logowatch.appearance.id': value.id };
    const span = tracer.follow(headers, 'deliver', { kind: 'consumer', attributes });
    if (span !== undefined) this.#traces.set(value, span.headers);
    return span;
  }

  async #deliver(events: readonly Appearance[]): Promise<void> {
    if (this.#dead) {
      this.#lost += events.length;
      return;
    }
    const error = await this.#writeWithRetries(events);
    if (error === undefined) {
      this.#delivered += events.length;
      this.#telemetry.emit({ type: 'sink-delivered', sink: this.#sink.name, events: events.length });
      this.#refusedInARow = 0;
    } else if (failureScope(error) !== 'event') {
      this.#giveUp(error, events.length);
    } else if (events.length > 1) {
      // One of them is refused: singly, the others get through.
      for (const event of events) await this.#deliver([event]);
    } else {
      this.#lose(error, 1);
      if (++this.#refusedInARow >= REFUSED_IN_A_ROW_MAX) this.#giveUp(error, 0);
    }
  }

  /** Resolves with the error that is final. */
  async #writeWithRetries(events: readonly Appearance[]): Promise<LogowatchError | undefined> {
    const since = performance.now();
    for (let attempt = 1; ; attempt++) {
      const error = await this.#tryWrite(events);
      if (error === undefined || failureScope(error) !== 'retry') return error;
      if (this.#stop.aborted || performance.now() - since > this.#policy.giveUpMs) return asFinal(error);
      const delayMs = Math.round(Math.max(this.#pauseMs(attempt), retryAfterMs(error)));
      this.#telemetry.emit({
        type: 'sink-retry',
        sink: this.#sink.name,
        attempt,
        delayMs,
        error: describeError(error),
      });
      await sleep(delayMs, undefined, { signal: this.#stop }).catch(() => undefined);
      if (this.#stop.aborted) return asFinal(error);
    }
  }

  async #tryWrite(events: readonly Appearance[]): Promise<LogowatchError | undefined> {
    try {
      await unlessAborted(
        this.#sink.write(events, (event) => this.#traces.get(event)),
        this.#stop,
      );
      return undefined;
    } catch (error) {
      if (error instanceof LogowatchError) return error;
      return new SinkError('The sink failed unexpectedly', {
        scope: 'retry',
        value: String(error),
        cause: error,
      });
    }
  }

  #pauseMs(attempt: number): number {
    const { pauseMs, pauseMsMax } = this.#policy;
    return Math.min(pauseMsMax, pauseMs * 2 ** Math.min(attempt - 1, 30)) * (0.5 + Math.random() / 2);
  }

  #giveUp(error: LogowatchError, count: number): void {
    this.#dead = true;
    this.#lose(error, count);
  }

  #lose(error: LogowatchError, count: number): void {
    this.#error ??= error;
    this.#lost += count;
    this.#tell(error);
  }

  #tell(error: LogowatchError): void {
    this.#telemetry.emit({
      type: 'sink-failed',
      sink: this.#sink.name,
      events: this.#lost - this.#told,
      error: describeError(error),
    });
    this.#told = this.#lost;
  }

  async #close(): Promise<void> {
    const late = AbortSignal.timeout(this.#policy.closeMs);
    try {
      await unlessAborted(this.#sink.close(), late);
    } catch (cause) {
      const error = cause instanceof LogowatchError ? cause : undefined;
      this.#error ??=
        error ??
        new SinkError('The sink could not be closed', { scope: 'sink', value: this.#sink.name, cause });
      this.#tell(this.#error);
    }
    if (this.#error !== undefined && this.#lost > this.#told) this.#tell(this.#error);
  }
}

function retryAfterMs(error: LogowatchError): number {
  return error instanceof SinkError ? (error.retryAfterMs ?? 0) : 0;
}

/** A failure that might have passed, had there been time: final now. */
function asFinal(error: LogowatchError): SinkError {
  return new SinkError(`${error.message}; it was given up`, {
    scope: 'sink',
    cause: error,
    ...(error.value === undefined ? {} : { value: error.value }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  });
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () =>
      reject(
        new SinkError('The sink did not finish in time', { scope: 'sink', value: String(signal.reason) }),
      );
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
