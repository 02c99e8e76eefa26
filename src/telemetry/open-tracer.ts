import type { Telemetry } from './telemetry.js';
import type { Tracer, TracingSettings } from './tracer.js';

/** OpenTelemetry is loaded here, and only where traces are wanted. */
export async function openTracer(
  settings: TracingSettings | undefined,
  telemetry: Telemetry,
): Promise<Tracer | undefined> {
  if (settings === undefined || settings.ratio === 0) return undefined;
  const { OtlpTracer } = await import('./otlp-tracer.js');
  return new OtlpTracer(settings, telemetry);
}
