import type { Appearance } from '../core/appearance.js';
import type { TraceHeaders } from '../telemetry/tracer.js';

export type TraceOf = (event: Appearance) => TraceHeaders | undefined;

/**
 * Where appearance events go. `write` resolves when the events are safely handed over; the caller commits the
 * batch on the bus only then, and repeats the batch when `write` rejects, so a sink must bear the same
 * (id, revision) twice. `close` flushes.
 */
export interface Sink {
  readonly name: string;
  /** @param traceOf the trace context of an event, for sinks that can hand it on */
  write(events: readonly Appearance[], traceOf?: TraceOf): Promise<void>;
  close(): Promise<void>;
}
