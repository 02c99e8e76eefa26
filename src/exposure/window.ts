import { LogowatchError } from '../core/errors.js';
import type { LocalTime } from './time-zone.js';

/** Milliseconds since the Unix epoch; the end is not part of it. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** From (inclusive) to (exclusive), milliseconds since the Unix epoch; infinite where nothing is said. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** @param local of times that name no offset. Throws usage where one is no time, or the end is not after the start. */
export function windowOf(from: string | undefined, to: string | undefined, local: LocalTime): Window {
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : instantOf(from, local);
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : instantOf(to, local);
  if (toMs > fromMs) return { fromMs, toMs };
  throw new LogowatchError('usage', 'The time asked for ends before it starts', {
    value: `${from} to ${to}`,
    remedy: 'Give a later end',
  });
}

function instantOf(text: string, local: LocalTime): number {
  const ms = parseTime(text, local);
  if (ms !== undefined) return ms;
  throw new LogowatchError('usage', 'That is no time', {
    value: text,
    remedy: 'Write it as 2026-01-31, 2026-01-31T20:00, or with an offset as 2026-01-31T20:00+01:00',
  });
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/** Milliseconds since the Unix epoch; a date is its midnight, and what names no offset is local. Undefined: it is no time. */
export function parseTime(text: string, local: LocalTime): number | undefined {
  const [, date, time = '00:00', offset] = TIME.exec(text) ?? [];
  const shown = Date.parse(`${date}T${time}Z`);
  // Date.parse takes the 31st of February for the 3rd of March.
  if (date === undefined || !Number.isFinite(shown) || !new Date(shown).toISOString().startsWith(date))
    return undefined;
  if (offset === undefined) return local.instantOf(shown);
  const ms = Date.parse(`${date}T${time}${offset.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Undefined where nothing of the span lies in the window. */
export function clipSpan<T extends Span>(span: T, { fromMs, toMs }: Window): T | undefined {
  if (span.startMs >= fromMs && span.endMs <= toMs) return span;
  const startMs = Math.max(span.startMs, fromMs);
  const endMs = Math.min(span.endMs, toMs);
  return endMs > startMs ? { ...span, startMs, endMs } : undefined;
}
