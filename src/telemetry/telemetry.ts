import { type Logger, pino } from 'pino';
import type { Registry } from 'prom-client';
import { redact } from '../core/redact.js';
import type { InternalEvent } from './internal-event.js';
import { Metrics } from './metrics.js';
import type { Tracer } from './tracer.js';

export type { InternalEvent } from './internal-event.js';

type Level = 'debug' | 'info' | 'warn' | 'error';
const levels: Partial<Record<InternalEvent['type'], Level>> = {
  'source-retry': 'warn',
  'stream-failed': 'warn',
  'frames-dropped': 'debug',
  'frames-sampled': 'debug',
  'frames-inferred': 'debug',
  'batch-inferred': 'debug',
  appearance: 'debug',
  'source-added': 'debug',
  'reader-restarted': 'warn',
  'reader-lag': 'debug',
  'batch-committed': 'debug',
  'commit-failed': 'warn',
  'sink-opened': 'debug',
  'sink-delivered': 'debug',
  'sink-retry': 'warn',
  'sink-failed': 'error',
  'record-rejected': 'warn',
  'evidence-swept': 'debug',
  'evidence-kept': 'debug',
  'evidence-dropped': 'debug',
  'spans-dropped': 'debug',
  warning: 'warn',
};

export interface Telemetry {
  emit(event: InternalEvent): void;
  /** Left out where no traces are recorded. */
  readonly tracer?: Tracer | undefined;
}

export class PinoTelemetry implements Telemetry {
  readonly #metrics = new Metrics();
  readonly #log: Logger;

  /** Logs go to stderr as JSON lines: stdout belongs to the answers. */
  constructor(level: Level | 'silent' = 'info') {
    this.#log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  }

  emit(event: InternalEvent): void {
    this.#metrics.measure(event);
    const { type, ...fields } = event;
    const level = levels[type] ?? 'info';
    if (!this.#log.isLevelEnabled(level)) return;
    const safe = Object.entries(fields).map(([k, v]) => [k, typeof v === 'string' ? redact(v) : v]);
    const { message, ...rest } = Object.fromEntries(safe) as { message?: string };
    this.#log[level]({ event: type, ...rest }, message ?? type);
  }

  get registry(): Registry {
    return this.#metrics.registry;
  }
}

/** For tests, and for callers that want to see events themselves. */
export class RecordingTelemetry implements Telemetry {
  readonly events: InternalEvent[] = [];
  emit(event: InternalEvent): void {
    this.events.push(event);
  }
}
