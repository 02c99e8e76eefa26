import type { InternalEvent, Telemetry } from '../telemetry/telemetry.js';
import type { Tracer } from '../telemetry/tracer.js';

/** `waiting`: the source is away and is tried again. `ended` and `failed` are for good. */
export type StreamState = 'starting' | 'running' | 'waiting' | 'paused' | 'stopping' | 'ended' | 'failed';

export interface StreamStatus {
  readonly streamId: string;
  readonly state: StreamState;
  /** Since when the state is so, ms since the epoch. */
  readonly sinceMs: number;
  readonly session: string | null;
  /** Sampled in the last seconds. */
  readonly framesPerSecond: number;
  /** The last thing that went wrong, redacted; kept when it has mended. */
  readonly lastError: string | null;
}

/** Frames are counted over so long. */
const WINDOW_MS = 5_000;

/** Learns from a stream's events how it is doing, and hands every event on. */
export class StreamWatch implements Telemetry {
  readonly #streamId: string;
  readonly #next: Telemetry;
  readonly #onChange: () => void;
  #state: StreamState = 'starting';
  #sinceMs = Date.now();
  #session: string | null = null;
  #lastError: string | null = null;
  #windowStart = performance.now();
  #count = 0;
  #rate: number | undefined;

  constructor(streamId: string, next: Telemetry, onChange: () => void) {
    this.#streamId = streamId;
    this.#next = next;
    this.#onChange = onChange;
  }

  get tracer(): Tracer | undefined {
    return this.#next.tracer;
  }

  emit(event: InternalEvent): void {
    this.#next.emit(event);
    switch (event.type) {
      case 'source-opened':
        this.#session = event.session;
        this.#windowStart = performance.now();
        this.#count = 0;
        this.#rate = undefined;
        this.become('running');
        break;
      case 'source-retry':
        this.become('waiting');
        break;
      case 'frames-sampled':
        this.#sampled(event.count);
        break;
      case 'warning':
        this.#lastError = event.message;
        break;
      default:
        break;
    }
  }

  become(state: StreamState, error?: string): void {
    if (error !== undefined) this.#lastError = error;
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = Date.now();
    if (state !== 'running') this.#session = null;
    this.#onChange();
  }

  get status(): StreamStatus {
    return {
      streamId: this.#streamId,
      state: this.#state,
      sinceMs: this.#sinceMs,
      session: this.#session,
      framesPerSecond: Math.round(this.#framesPerSecond() * 10) / 10,
      lastError: this.#lastError,
    };
  }

  #sampled(count: number): void {
    const elapsedMs = performance.now() - this.#windowStart;
    if (elapsedMs >= WINDOW_MS) {
      this.#rate = (1000 * this.#count) / elapsedMs;
      this.#windowStart += elapsedMs;
      this.#count = 0;
    }
    this.#count += count;
  }

  #framesPerSecond(): number {
    if (this.#state !== 'running') return 0;
    const elapsedMs = performance.now() - this.#windowStart;
    if (this.#rate !== undefined && elapsedMs < 2 * WINDOW_MS) return this.#rate;
    return (1000 * this.#count) / Math.max(elapsedMs, 1000);
  }
}
