import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { redact } from '../core/redact.js';
import type { Telemetry } from './telemetry.js';
import { type Span, type SpanOptions, type Tracer, type TracingSettings, traceHeaders } from './tracer.js';

/** Spans that wait to be sent, and that are sent together; what OTEL_BSP_... say goes before. */
const QUEUE_MAX = Number(process.env.OTEL_BSP_MAX_QUEUE_SIZE ?? 2048);
const SEND_MS_MAX = 5_000;
const CLOSE_MS_MAX = 3_000;

const KINDS = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;
const propagator = new W3CTraceContextPropagator();

/** Spans to an OTLP/HTTP receiver. One that is away costs spans, which are counted, and nothing else. */
export class OtlpTracer implements Tracer {
  readonly #provider: BasicTracerProvider;
  readonly #queue: CountedExporter;
  readonly #tracer;

  constructor({ endpoint, ratio }: TracingSettings, telemetry: Telemetry) {
    const url = endpoint === undefined ? {} : { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` };
    const exporter = new OTLPTraceExporter({ ...url, timeoutMillis: SEND_MS_MAX });
    this.#queue = new CountedExporter(exporter, telemetry);
    const own = resourceFromAttributes({ 'service.name': 'logowatch', 'process.pid': process.pid });
    this.#provider = new BasicTracerProvider({
      resource: own.merge(detectResources({ detectors: [envDetector] })),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [new BoundedProcessor(this.#queue)],
    });
    this.#tracer = this.#provider.getTracer('logowatch');
  }

  begin(name: string, options?: SpanOptions): Span | undefined {
    return this.#start(name, ROOT_CONTEXT, options);
  }

  follow(
    headers: Readonly<Record<string, string>> | undefined,
    name: string,
    options?: SpanOptions,
  ): Span | undefined {
    const parent = traceHeaders(headers);
    if (parent === undefined) return undefined;
    const context = contextOf(parent);
    // What is no trace context begins no trace either.
    return trace.getSpanContext(context) && this.#start(name, context, options);
  }

  async close(): Promise<void> {
    const sent = this.#provider.shutdown().catch(() => undefined);
    await Promise.race([sent, sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
    this.#queue.giveUp();
  }

  #start(name: string, context: Context, options: SpanOptions = {}): Span | undefined {
    const { kind, startMs, attributes = {}, links = [] } = options;
    const span = this.#tracer.startSpan(
      name,
      {
        kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind],
        attributes,
        links: links.flatMap((link) => {
          const linked = trace.getSpanContext(contextOf(link));
          return linked === undefined ? [] : [{ context: linked }];
        }),
        ...(startMs !== undefined && { startTime: startMs }),
      },
      context,
    );
    return span.isRecording() ? { headers: headersOf(span), end: (error) => end(span, error) } : undefined;
  }
}

const contextOf = (headers: Readonly<Record<string, string>>): Context =>
  propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);

function headersOf(span: OtelSpan): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), headers, defaultTextMapSetter);
  return headers;
}

function end(span: OtelSpan, error: string | undefined): void {
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: redact(error) });
  span.end();
}

/** Knows how many spans wait or are on their way, and says which were lost: the SDK does so for nobody. */
class CountedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #telemetry: Telemetry;
  waiting = 0;
  #sending = 0;

  constructor(exporter: SpanExporter, telemetry: Telemetry) {
    this.#exporter = exporter;
    this.#telemetry = telemetry;
  }

  /** Spans that nobody will send any more. */
  dropped(count: number, reason: 'queue' | 'receiver' | 'stop'): void {
    if (count > 0) this.#telemetry.emit({ type: 'spans-dropped', count, reason });
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.waiting -= spans.length;
    this.#sending += spans.length;
    this.#exporter.export(spans, (result) => {
      this.#sending -= spans.length;
      if (result.code !== ExportResultCode.SUCCESS) this.dropped(spans.length, 'receiver');
      done(result);
    });
  }

  giveUp(): void {
    this.dropped(this.waiting + this.#sending, 'stop');
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

class BoundedProcessor extends BatchSpanProcessor {
  readonly #queue: CountedExporter;

  constructor(queue: CountedExporter) {
    super(queue, { maxQueueSize: QUEUE_MAX });
    this.#queue = queue;
  }

  override onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#queue.waiting >= QUEUE_MAX) {
      this.#queue.dropped(1, 'queue');
      return;
    }
    this.#queue.waiting++;
    super.onEnd(span);
  }
}
