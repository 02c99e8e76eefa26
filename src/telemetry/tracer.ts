/**
 * Distributed tracing as stages see it: a span is what one stage does for one record, and its context travels in the
 * record's headers (W3C Trace Context). Stages know this file alone; open-tracer.ts decides what is behind it.
 */

/** `traceparent` and, where there is one, `tracestate`. */
export type TraceHeaders = Readonly<Record<string, string>>;

export interface SpanOptions {
  /** Default: within the process. */
  readonly kind?: 'producer' | 'consumer';
  /** Milliseconds since the Unix epoch; default now. */
  readonly startMs?: number;
  readonly attributes?: Readonly<Record<string, string | number>>;
  /** Spans of other traces that this one follows from as well. */
  readonly links?: readonly TraceHeaders[];
}

export interface Span {
  /** For records that follow from it. */
  readonly headers: TraceHeaders;
  /** @param error what failed */
  end(error?: string): void;
}

/** Both ways to start give undefined where nothing is recorded: then no header is written, and later stages start nothing. */
export interface Tracer {
  /** A new trace, of as many as the ratio says. */
  begin(name: string, options?: SpanOptions): Span | undefined;
  /** The next span of the trace that a record's headers carry. */
  follow(
    headers: Readonly<Record<string, string>> | undefined,
    name: string,
    options?: SpanOptions,
  ): Span | undefined;
  /** Sends what waits, for three seconds at most. */
  close(): Promise<void>;
}

export interface TracingSettings {
  /** Base address of an OTLP/HTTP receiver; default OpenTelemetry's environment variables, else http://localhost:4318. */
  readonly endpoint?: string | undefined;
  /** Share of frames whose trace is recorded, 0..1. */
  readonly ratio: number;
}

/** The trace context among a record's headers. */
export function traceHeaders(
  headers: Readonly<Record<string, string>> | undefined,
): TraceHeaders | undefined {
  if (headers?.traceparent === undefined) return undefined;
  const { traceparent, tracestate } = headers;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}
