import type { BrandSpans, Span } from './store.js';

/** Packed by the database: a row for each appearance costs more than all the rest. Doubles, big-endian. */
const PACKED = [
  "date_part('epoch', a.start_time) * 1000",
  'a.end_pts_ms - a.start_pts_ms',
  'a.exposure_ms',
  'a.coverage',
];
const BYTES = 8 * PACKED.length;

export const SPANS = `a.stream_id, a.label, string_agg(${PACKED.map((value) => `float8send(${value})`).join(' || ')}, '') AS packed`;

export interface SpansRow {
  readonly stream_id: string;
  readonly label: string;
  readonly packed: Uint8Array;
}

export function spansOf({ stream_id: streamId, label, packed }: SpansRow): BrandSpans {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const spans: Span[] = [];
  for (let at = 0; at < packed.byteLength; at += BYTES) {
    const startMs = Math.round(view.getFloat64(at));
    const lengthMs = Math.max(0, view.getFloat64(at + 8));
    spans.push({
      startMs,
      endMs: startMs + lengthMs,
      share: lengthMs === 0 ? 0 : Math.min(1, Math.max(0, view.getFloat64(at + 16) / lengthMs)),
      coverage: view.getFloat64(at + 24),
    });
  }
  return { streamId, label, spans };
}
