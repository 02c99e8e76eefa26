import type { Appearance } from '../core/appearance.js';
import { type TraceHeaders, type Tracer, traceHeaders } from '../telemetry/tracer.js';
import type { TemporalState } from './temporal/state.js';

/** The state as the bus keeps it: beside what the reducer knows, the trace of the frame that opened each open appearance. */
export interface TracedState extends TemporalState {
  /** By appearance id; left out while there are none. */
  readonly traces?: Readonly<Record<string, TraceHeaders>>;
}

type Headers = Readonly<Record<string, string>> | undefined;

/**
 * Spans of one record's events. An event goes on with the trace of its own frame, or where that has none with the trace
 * of the frame that opened the appearance; the other of the two is linked.
 */
export class EventTraces {
  readonly #tracer: Tracer | undefined;
  readonly #traces: Record<string, TraceHeaders>;

  constructor(tracer: Tracer | undefined, before: TracedState | undefined) {
    this.#tracer = tracer;
    this.#traces = tracer === undefined ? {} : { ...before?.traces };
  }

  /** The headers of an event that a record gave rise to at `startMs`; undefined where nothing is recorded. */
  of(event: Appearance, recordHeaders: Headers, startMs: number): TraceHeaders | undefined {
    if (this.#tracer === undefined) return undefined;
    const own = traceHeaders(recordHeaders);
    const opened = this.#traces[event.id];
    if (event.state === 'ended') delete this.#traces[event.id];
    else if (event.state === 'started' && own !== undefined) this.#traces[event.id] = own;
    const parent = own ?? opened;
    if (parent === undefined) return undefined;
    const span = this.#tracer.follow(parent, 'smooth', {
      kind: 'consumer',
      startMs,
      attributes: {
        'logowatch.appearance.id': event.id,
        'logowatch.appearance.revision': event.revision,
        'logowatch.appearance.state': event.state,
        'logowatch.label': event.label,
      },
      links: own !== undefined && opened !== undefined ? [opened] : [],
    });
    span?.end();
    return span?.headers;
  }

  /** A state with what is to be remembered of traces. */
  keep(state: TemporalState): TracedState {
    const known: TracedState = state;
    if (Object.keys(this.#traces).length > 0) return { ...known, traces: this.#traces };
    if (known.traces === undefined) return known;
    const { traces: _, ...bare } = known;
    return bare;
  }
}
