import { isDeepStrictEqual } from 'node:util';
import type { Bus } from '../bus/bus.js';
import { describeError } from '../core/errors.js';
import { redact } from '../core/redact.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { createSource } from './open.js';
import type { SourceSpec } from './source.js';
import { type StreamStatus, StreamWatch } from './stream-status.js';
import { superviseStream } from './supervisor.js';

/** What is wanted of a stream: that it runs, that it rests, or what keeps it from running here. */
export type DesiredStream =
  | {
      readonly spec: SourceSpec /** Another one starts anew what has ended for good. */;
      readonly revision?: string;
    }
  | { readonly paused: true }
  | { readonly error: unknown };

export interface StreamFailure {
  readonly streamId: string;
  readonly error: unknown;
}

export interface StreamSetOptions {
  readonly bus: Pick<Bus, 'send'>;
  readonly telemetry: Telemetry;
  /** Asked before every record. What a stream says while it is another node's is left unsaid. Default: always. */
  readonly mayPublish?: (streamId: string) => boolean;
  /** The source of a stream has ended for good, without a fault. */
  readonly onEnded?: (streamId: string) => void;
  /** Some stream's state is another one now. */
  readonly onChange?: () => void;
}

/**
 * The streams that run in this process, each under its supervisor. `apply` says what is wanted from now on: exactly those
 * that differ are started, stopped or restarted, the others do not notice. One that ends for good by a fault is
 * remembered with its error, and takes no other along.
 */
export class StreamSet {
  readonly #options: StreamSetOptions;
  readonly #slots = new Map<string, StreamSlot>();
  #whenIdle: (() => void)[] = [];
  #stopped = false;

  constructor(options: StreamSetOptions) {
    this.#options = options;
  }

  apply(desired: ReadonlyMap<string, DesiredStream>): void {
    if (this.#stopped) return;
    for (const [id, slot] of this.#slots) if (!desired.has(id)) slot.want(undefined);
    for (const [id, wanted] of desired) this.#slot(id).want(wanted);
    this.#settled();
  }

  statuses(): StreamStatus[] {
    return [...this.#slots.values()].map((slot) => slot.status);
  }

  /** Of the streams that ended for good by a fault and are still wanted. */
  get failures(): StreamFailure[] {
    return [...this.#slots.values()].flatMap((slot) => slot.failure ?? []);
  }

  /** Resolves as soon as no stream runs or is about to. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#settled();
    });
  }

  /** Every stream is told to stop, for good; resolves when their last words are said and their children reaped. */
  stop(): Promise<void> {
    this.#stopped = true;
    for (const slot of this.#slots.values()) slot.stop();
    return this.idle();
  }

  #slot(id: string): StreamSlot {
    const known = this.#slots.get(id);
    if (known !== undefined) return known;
    const slot = new StreamSlot(id, this.#options, () => this.#settled());
    this.#slots.set(id, slot);
    return slot;
  }

  #settled(): void {
    for (const [id, slot] of this.#slots) if (slot.gone) this.#slots.delete(id);
    if ([...this.#slots.values()].some((slot) => slot.running)) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

interface Finished {
  readonly wanted: DesiredStream;
  readonly error?: unknown;
}

/** One stream's place in the set: at most one supervisor at a time, the next begins when the one before has closed. */
class StreamSlot {
  readonly #id: string;
  readonly #options: StreamSetOptions;
  readonly #onSettled: () => void;
  readonly #watch: StreamWatch;
  #wanted: DesiredStream | undefined;
  #run: { readonly spec: SourceSpec; readonly abort: AbortController } | undefined;
  #finished: Finished | undefined;
  #stopped = false;

  constructor(id: string, options: StreamSetOptions, onSettled: () => void) {
    this.#id = id;
    this.#options = options;
    this.#onSettled = onSettled;
    this.#watch = new StreamWatch(id, options.telemetry, () => options.onChange?.());
  }

  get status(): StreamStatus {
    return this.#watch.status;
  }

  get running(): boolean {
    return this.#run !== undefined;
  }

  get gone(): boolean {
    return this.#wanted === undefined && this.#run === undefined;
  }

  get failure(): StreamFailure | undefined {
    const error = this.#finished?.error;
    return error === undefined || this.#wanted === undefined ? undefined : { streamId: this.#id, error };
  }

  want(wanted: DesiredStream | undefined): void {
    this.#wanted = wanted;
    if (this.#run === undefined) this.#begin();
    else if (wanted === undefined || !('spec' in wanted) || !isDeepStrictEqual(wanted.spec, this.#run.spec))
      this.#abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#abort();
  }

  #abort(): void {
    if (this.#run === undefined || this.#run.abort.signal.aborted) return;
    this.#watch.become('stopping');
    this.#run.abort.abort();
  }

  #begin(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#stopped) return;
    if (this.#finished !== undefined && isDeepStrictEqual(wanted, this.#finished.wanted)) return;
    this.#finished = undefined;
    if ('paused' in wanted) this.#watch.become('paused');
    else if ('error' in wanted) this.#finish(wanted, wanted.error);
    else void this.#supervise(wanted, wanted.spec);
  }

  async #supervise(wanted: DesiredStream, spec: SourceSpec): Promise<void> {
    const abort = new AbortController();
    this.#run = { spec, abort };
    this.#watch.become('starting');
    try {
      const supervised = { spec, bus: this.#bus(), telemetry: this.#watch, signal: abort.signal };
      await superviseStream(createSource(spec), supervised);
      if (!abort.signal.aborted) this.#finish(wanted);
    } catch (error) {
      this.#finish(wanted, error);
    }
    this.#run = undefined;
    this.#begin();
    this.#onSettled();
  }

  #finish(wanted: DesiredStream, error?: unknown): void {
    this.#finished = { wanted, ...(error !== undefined && { error }) };
    if (error === undefined) {
      this.#watch.become('ended');
      this.#options.onEnded?.(this.#id);
      return;
    }
    const message = redact(describeError(error));
    this.#options.telemetry.emit({ type: 'stream-failed', streamId: this.#id, error: message });
    this.#watch.become('failed', message);
  }

  #bus(): Pick<Bus, 'send'> {
    const { bus, telemetry, mayPublish } = this.#options;
    if (mayPublish === undefined) return bus;
    return {
      send: async (topic, records) => {
        if (mayPublish(this.#id)) return bus.send(topic, records);
        const count = records.filter((r) => r.droppable).length;
        if (count === 0) return;
        telemetry.emit({ type: 'frames-dropped', streamId: this.#id, count, reason: 'not-owner' });
      },
    };
  }
}
