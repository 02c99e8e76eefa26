import type { EventMetrics } from '../../src/train/evaluate-events/metrics.js';
import { table } from '../measure.js';

const two = (v: number) => v.toFixed(2);
const seconds = (v: number | null) => (v === null ? '-' : `${two(v)} s`);
const percent = (v: number | null) => (v === null ? '-' : `${(100 * v).toFixed(1)} %`);

/** One row a broadcast. */
export function metricsTable(rows: Readonly<Record<string, EventMetrics>>): string {
  const head = [
    'broadcast',
    'hours',
    'truth / found / hits',
    'precision',
    'recall',
    'F1',
    'onset latency median, p95',
    'exposure error',
    'false',
    'false an hour (95 % interval)',
    '95 % upper bound',
  ];
  const body = Object.entries(rows).map(([name, m]) => [
    name,
    two(m.hours),
    `${m.truth} / ${m.found} / ${m.hits}`,
    two(m.precision),
    two(m.recall),
    two(m.f1),
    `${seconds(m.onsetLatencyMedian)}, ${seconds(m.onsetLatencyP95)}`,
    percent(m.exposureError),
    String(m.falseAppearances),
    `${two(m.falsePerHour)} (${m.falsePerHourInterval.map(two).join(' to ')})`,
    two(m.falsePerHourUpper),
  ]);
  return table([head, ...body]);
}
