import { LogowatchError } from '../core/errors.js';
import type { Span } from './timeline.js';

/** From (inclusive) to (exclusive), milliseconds since the Unix epoch; infinite where nothing is said. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** @param from ISO 8601 with an offset or Z. Throws usage where one is no such time, or the end is not after the start. */
export function windowOf(from: string | undefined, to: string | undefined): Window {
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : instantMs(from);
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : instantMs(to);
  if (toMs > fromMs) return { fromMs, toMs };
  throw new LogowatchError('usage', 'The time asked for ends before it starts', {
    value: `${from} to ${to}`,
    remedy: 'Give a later end',
  });
}

/** Milliseconds since the Unix epoch. Throws usage. */
export function instantMs(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/i.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw new LogowatchError('usage', 'That is no time', {
    value: text,
    remedy: 'Write it as 2026-01-31T20:00:00Z, or with an offset as 2026-01-31T21:00:00+01:00',
  });
}

/** Undefined where nothing of the span lies in the window. */
export function clipSpan<T extends Span>(span: T, { fromMs, toMs }: Window): T | undefined {
  if (span.startMs >= fromMs && span.endMs <= toMs) return span;
  const startMs = Math.max(span.startMs, fromMs);
  const endMs = Math.min(span.endMs, toMs);
  return endMs > startMs ? { ...span, startMs, endMs } : undefined;
}
