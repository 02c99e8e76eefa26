import { textTable } from '../core/text-table.js';
import type { Comparison, Row } from './report.js';

/** The closing table of a demo, for a terminal of 80 columns. */
export function formatComparison(c: Comparison): string {
  const { stats } = c;
  const rows = c.rows.map(rowCells);
  const exposure = c.exposure.map((e) => [
    e.label,
    seconds(e.truth),
    seconds(e.found),
    seconds(e.found - e.truth),
  ]);
  const lines = [
    textTable(['brand', 'truth (s)', 'found (s)', 'overlap', 'onset'], rows),
    '',
    textTable(['brand', 'exposure: truth', 'found', 'difference'], exposure),
    '',
    ...c.falseAppearances.map(
      ({ found, reason }) =>
        `false: ${found.label} from ${seconds(found.start)} to ${seconds(found.end)}${reason === 'flash' ? ' (a single frame of it was shown)' : ''}`,
    ),
    `found ${c.rows.length - c.missed} of ${c.rows.length} appearances, ${c.split} split, ${c.falseAppearances.length} false; ${c.flashesReported} of ${c.flashes} single-frame blinks reported`,
    `exposure error ${percent(c.exposureError)}, onset latency ${c.onsetLatencyMedian === null ? '-' : `${seconds(c.onsetLatencyMedian)}`} (median)`,
    `${stats.frames} frames watched (${stats.seconds > 0 ? (stats.frames / stats.seconds).toFixed(1) : '-'}/s), ${stats.dropped} dropped, frame age p50 ${ms(stats.ageP50Ms)} p95 ${ms(stats.ageP95Ms)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function rowCells({ truth, found, iou, onsetLatency }: Row): string[] {
  const range = (s: { start: number; end: number }) => `${s.start.toFixed(1)} - ${s.end.toFixed(1)}`;
  const what = found.length === 0 ? 'missed' : found.map(range).join(', ');
  return [
    truth.label,
    range(truth),
    what,
    found.length === 0 ? '-' : percent(iou),
    onsetLatency === null ? '-' : seconds(onsetLatency),
  ];
}

const seconds = (value: number) => `${(Math.abs(value) < 0.05 ? 0 : value).toFixed(1)} s`;
const percent = (value: number | null) => (value === null ? '-' : `${(value * 100).toFixed(0)} %`);
const ms = (value: number | null) => (value === null ? '-' : `${value.toFixed(0)} ms`);
