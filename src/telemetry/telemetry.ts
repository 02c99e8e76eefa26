import { type Logger, pino } from 'pino';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { redact } from '../core/redact.js';
import type { Tracer } from './tracer.js';

/**
 * One typed internal event is the log line and the metric together: stages say what happened once.
 * Every string in an event is redacted before it is printed.
 */
export type InternalEvent =
  | { type: 'source-opened'; streamId: string; session: string; source: string }
  | {
      type: 'source-closed';
      streamId: string;
      session: string;
      reason: string;
      frames: number;
      detail?: string;
    }
  | { type: 'source-retry'; streamId: string; delayMs: number; attempt: number; reason: string }
  | { type: 'stream-failed'; streamId: string; error: string }
  | { type: 'frames-sampled'; streamId: string; count: number }
  | {
      type: 'frames-dropped';
      streamId: string;
      count: number;
      reason: 'ingest-queue' | 'bus-queue' | 'infer-queue' | 'superseded' | 'not-owner';
    }
  | { type: 'frames-inferred'; streamId: string; count: number; ageMs: number }
  | { type: 'batch-inferred'; size: number; durationMs: number }
  | { type: 'appearance'; streamId: string; label: string; state: string }
  | { type: 'sink-retry'; sink: string; attempt: number; delayMs: number; error: string }
  | { type: 'sink-failed'; sink: string; events: number; error: string }
  | { type: 'record-rejected'; topic: string; reason: string }
  | { type: 'spans-dropped'; count: number; reason: 'queue' | 'receiver' | 'stop' }
  | { type: 'warning'; message: string; streamId?: string }
  | { type: 'info'; message: string; streamId?: string };

type Level = 'debug' | 'info' | 'warn' | 'error';
const levels: Partial<Record<InternalEvent['type'], Level>> = {
  'source-retry': 'warn',
  'stream-failed': 'warn',
  'frames-dropped': 'debug',
  'frames-sampled': 'debug',
  'frames-inferred': 'debug',
  'batch-inferred': 'debug',
  appearance: 'debug',
  'sink-retry': 'warn',
  'sink-failed': 'error',
  'record-rejected': 'warn',
  'spans-dropped': 'debug',
  warning: 'warn',
};

export interface Telemetry {
  emit(event: InternalEvent): void;
  /** Left out where no traces are recorded. */
  readonly tracer?: Tracer | undefined;
}

export class PinoTelemetry implements Telemetry {
  readonly registry = new Registry();
  readonly #log: Logger;
  readonly #sampled = this.#counter('logowatch_frames_sampled_total', 'Frames taken from sources', [
    'stream',
  ]);
  readonly #dropped = this.#counter('logowatch_frames_dropped_total', 'Frames dropped', ['stream', 'reason']);
  readonly #inferred = this.#counter('logowatch_frames_inferred_total', 'Frames inferred', ['stream']);
  readonly #sessions = this.#counter('logowatch_source_sessions_total', 'Sessions opened', ['stream']);
  readonly #retries = this.#counter('logowatch_source_retries_total', 'Reconnections', ['stream', 'reason']);
  readonly #appearances = this.#counter('logowatch_appearance_events_total', 'Events', [
    'stream',
    'label',
    'state',
  ]);
  readonly #sinkErrors = this.#counter('logowatch_sink_errors_total', 'Failed deliveries', ['sink']);
  readonly #rejected = this.#counter('logowatch_records_rejected_total', 'Poison records', ['topic']);
  readonly #spansDropped = this.#counter('logowatch_spans_dropped_total', 'Spans not sent', ['reason']);
  readonly #up = new Gauge({
    name: 'logowatch_source_up',
    help: '1 while a session is open',
    labelNames: ['stream'],
    registers: [this.registry],
  });
  readonly #age = new Histogram({
    name: 'logowatch_frame_age_seconds',
    help: 'Arrival of a frame to the end of its detection',
    labelNames: ['stream'],
    buckets: [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers: [this.registry],
  });
  readonly #batch = new Histogram({
    name: 'logowatch_inference_seconds',
    help: 'Duration of one inference batch',
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    registers: [this.registry],
  });

  /** Logs go to stderr as JSON lines: stdout belongs to the answers. */
  constructor(level: Level | 'silent' = 'info') {
    this.#log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  }

  emit(event: InternalEvent): void {
    this.#measure(event);
    const { type, ...fields } = event;
    const level = levels[type] ?? 'info';
    if (!this.#log.isLevelEnabled(level)) return;
    const safe = Object.entries(fields).map(([k, v]) => [k, typeof v === 'string' ? redact(v) : v]);
    const { message, ...rest } = Object.fromEntries(safe) as { message?: string };
    this.#log[level]({ event: type, ...rest }, message ?? type);
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #measure(event: InternalEvent): void {
    switch (event.type) {
      case 'source-opened':
        this.#sessions.inc({ stream: event.streamId });
        this.#up.set({ stream: event.streamId }, 1);
        break;
      case 'source-closed':
        this.#up.set({ stream: event.streamId }, 0);
        break;
      case 'source-retry':
        this.#retries.inc({ stream: event.streamId, reason: event.reason });
        break;
      case 'frames-sampled':
        this.#sampled.inc({ stream: event.streamId }, event.count);
        break;
      case 'frames-dropped':
        this.#dropped.inc({ stream: event.streamId, reason: event.reason }, event.count);
        break;
      case 'frames-inferred':
        this.#inferred.inc({ stream: event.streamId }, event.count);
        this.#age.observe({ stream: event.streamId }, event.ageMs / 1000);
        break;
      case 'batch-inferred':
        this.#batch.observe(event.durationMs / 1000);
        break;
      case 'appearance':
        this.#appearances.inc({ stream: event.streamId, label: event.label, state: event.state });
        break;
      case 'sink-retry':
      case 'sink-failed':
        this.#sinkErrors.inc({ sink: event.sink });
        break;
      case 'spans-dropped':
        this.#spansDropped.inc({ reason: event.reason }, event.count);
        break;
      case 'record-rejected':
        this.#rejected.inc({ topic: event.topic });
        break;
      default:
        break;
    }
  }
}

/** For tests, and for callers that want to see events themselves. */
export class RecordingTelemetry implements Telemetry {
  readonly events: InternalEvent[] = [];
  emit(event: InternalEvent): void {
    this.events.push(event);
  }
}
