import { textTable } from '../core/text-table.js';
import type { ExposureDifference } from '../exposure/difference.js';
import type { ExposureReport } from '../exposure/report.js';

export function reportTable(report: ExposureReport): string {
  if (report.length === 0) return 'no appearances';
  return textTable(
    ['stream', 'brand', 'appearances', 'seconds', 'coverage', 'first', 'last'],
    report.map((row) => [
      row.streamId,
      row.label,
      String(row.appearances),
      seconds(row.exposureMs),
      row.coverage === null ? '-' : `${(100 * row.coverage).toFixed(0)} %`,
      row.first,
      row.last,
    ]),
  );
}

export function differenceTable(rows: readonly ExposureDifference[]): string {
  if (rows.length === 0) return 'no appearances on either side';
  return textTable(
    ['stream', 'brand', 'seconds before', 'after', 'difference', 'appearances before', 'after'],
    rows.map((row) => [
      row.streamId,
      row.label,
      seconds(row.beforeMs),
      seconds(row.afterMs),
      signed(row.differenceMs),
      String(row.appearancesBefore),
      String(row.appearancesAfter),
    ]),
  );
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const signed = (ms: number): string => (Math.abs(ms) < 50 ? '0.0' : `${ms > 0 ? '+' : ''}${seconds(ms)}`);
