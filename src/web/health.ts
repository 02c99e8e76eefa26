import type { InternalEvent, Telemetry } from '../telemetry/telemetry.js';
import type { Tracer } from '../telemetry/tracer.js';

/** How a stream is doing, beside its state. */
export interface StreamHealth {
  readonly id: string;
  /** Frames looked at a second, over the last seconds. */
  readonly framesPerSecond: number;
  /** Of the last frame: from its arrival to the end of its detection, milliseconds; null before the first. */
  readonly ageMs: number | null;
  /** Frames sampled and not looked at, since the start. */
  readonly dropped: number;
  /** How often the source had to be opened again. */
  readonly restarts: number;
}

interface Counts {
  ageMs: number | null;
  dropped: number;
  restarts: number;
  /** Frames in the window that runs, and the rate of the one before. */
  count: number;
  sinceMs: number;
  rate: number | undefined;
}

const WINDOW_MS = 5_000;
/** Streams that may come and go for as long as the process lives. */
const STREAMS_MAX = 5_000;

/** Learns each stream's health from what the stages say anyway, and hands every event on. */
export class HealthBoard implements Telemetry {
  readonly #next: Telemetry;
  readonly #now: () => number;
  readonly #streams = new Map<string, Counts>();

  constructor(next: Telemetry, now: () => number = () => performance.now()) {
    this.#next = next;
    this.#now = now;
  }

  get tracer(): Tracer | undefined {
    return this.#next.tracer;
  }

  emit(event: InternalEvent): void {
    this.#next.emit(event);
    switch (event.type) {
      case 'frames-inferred': {
        const counts = this.#of(event.streamId);
        counts.ageMs = event.ageMs;
        this.#count(counts, event.count);
        break;
      }
      case 'frames-dropped':
        this.#of(event.streamId).dropped += event.count;
        break;
      case 'source-retry':
        this.#of(event.streamId).restarts++;
        break;
      default:
        break;
    }
  }

  of(id: string): StreamHealth {
    const counts = this.#streams.get(id);
    if (counts === undefined) return { id, framesPerSecond: 0, ageMs: null, dropped: 0, restarts: 0 };
    const { ageMs, dropped, restarts } = counts;
    return { id, framesPerSecond: this.#rate(counts), ageMs, dropped, restarts };
  }

  #of(id: string): Counts {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    if (this.#streams.size >= STREAMS_MAX) this.#streams.delete(this.#streams.keys().next().value ?? '');
    const fresh: Counts = {
      ageMs: null,
      dropped: 0,
      restarts: 0,
      count: 0,
      sinceMs: this.#now(),
      rate: undefined,
    };
    this.#streams.set(id, fresh);
    return fresh;
  }

  #count(counts: Counts, n: number): void {
    const elapsedMs = this.#now() - counts.sinceMs;
    if (elapsedMs >= WINDOW_MS) {
      counts.rate = (1000 * counts.count) / elapsedMs;
      counts.sinceMs += elapsedMs;
      counts.count = 0;
    }
    counts.count += n;
  }

  #rate(counts: Counts): number {
    const elapsedMs = this.#now() - counts.sinceMs;
    const rate =
      counts.rate !== undefined && elapsedMs < 2 * WINDOW_MS
        ? counts.rate
        : (1000 * counts.count) / Math.max(elapsedMs, 1000);
    return Math.round(rate * 10) / 10;
  }
}
