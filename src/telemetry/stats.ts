import type { InternalEvent, Telemetry } from './telemetry.js';
import type { Tracer } from './tracer.js';

/** At most so many frame ages are kept for the percentiles: the newest. */
const AGES_MAX = 1 << 16;

export interface RunStats {
  readonly sessions: number;
  readonly retries: number;
  readonly sampled: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inferred: number;
  /** Frame age (arrival to the end of detection), milliseconds; null before the first frame. */
  readonly ageP50Ms: number | null;
  readonly ageP95Ms: number | null;
  /** Mean pictures a batch and milliseconds a picture inside the detector. */
  readonly batchMean: number;
  readonly inferenceMs: number;
}

/** Counts what a run does, for its closing table, and hands every event on. */
export class StatsTelemetry implements Telemetry {
  readonly tracer: Tracer | undefined;
  readonly #next: Telemetry;
  readonly #ages = new Float64Array(AGES_MAX);
  readonly #dropped: Record<string, number> = {};
  #sessions = 0;
  #retries = 0;
  #sampled = 0;
  #inferred = 0;
  #batches = 0;
  #batchMs = 0;

  constructor(next: Telemetry, tracer?: Tracer) {
    this.#next = next;
    this.tracer = tracer;
  }

  emit(event: InternalEvent): void {
    this.#next.emit(event);
    switch (event.type) {
      case 'source-opened':
        this.#sessions++;
        break;
      case 'source-retry':
        this.#retries++;
        break;
      case 'frames-sampled':
        this.#sampled += event.count;
        break;
      case 'frames-dropped':
        this.#dropped[event.reason] = (this.#dropped[event.reason] ?? 0) + event.count;
        break;
      case 'frames-inferred':
        this.#ages[this.#inferred % AGES_MAX] = event.ageMs;
        this.#inferred += event.count;
        break;
      case 'batch-inferred':
        this.#batches++;
        this.#batchMs += event.durationMs;
        break;
      default:
        break;
    }
  }

  get stats(): RunStats {
    const ages = this.#ages.slice(0, Math.min(this.#inferred, AGES_MAX)).sort();
    const at = (q: number) => ages[Math.min(ages.length - 1, Math.floor(q * ages.length))] ?? null;
    return {
      sessions: this.#sessions,
      retries: this.#retries,
      sampled: this.#sampled,
      dropped: { ...this.#dropped },
      inferred: this.#inferred,
      ageP50Ms: at(0.5),
      ageP95Ms: at(0.95),
      batchMean: this.#batches === 0 ? 0 : this.#inferred / this.#batches,
      inferenceMs: this.#inferred === 0 ? 0 : this.#batchMs / this.#inferred,
    };
  }
}
