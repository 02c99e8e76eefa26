import { textTable } from '../core/text-table.js';
import type { ExposureAnalysis } from '../exposure/analysis.js';
import type { ExposureDifference } from '../exposure/difference.js';
import type { ExposureScope } from '../exposure/figures.js';
import type { ExposureReport } from '../exposure/report.js';

/** Each brand on each stream; where there are several streams, each brand on all of them; and each part, where time is cut. */
export function analysisTable(analysis: ExposureAnalysis): string {
  const { all, streams, cuts, by } = analysis;
  if (all.brands.length === 0) return 'no appearances';
  const tables = [brandTable(analysis, streams)];
  if (streams.length > 1) tables.push(brandTable(analysis, [all]));
  if (by !== null) tables.push(brandTable(analysis, cuts));
  return tables.join('\n\n');
}

function brandTable({ currency, by }: ExposureAnalysis, scopes: readonly ExposureScope[]): string {
  const isCut = scopes[0]?.cut != null;
  const head = [
    'stream',
    ...(isCut ? [by!] : []),
    'brand',
    'appearances',
    'seconds',
    'voice',
    'solus',
    'area',
  ];
  const money = currency === null ? [] : [`value ${currency}`];
  const rows = scopes.flatMap(({ streamId, cut, brands }) =>
    brands.map((b) => [
      streamId ?? 'all streams',
      ...(isCut ? [cut?.name ?? '-'] : []),
      b.label,
      String(b.appearances),
      seconds(b.exposureMs),
      percent(b.shareOfVoice),
      seconds(b.solusMs),
      percent(b.areaMean, 1),
      b.qualityIndex?.toFixed(0) ?? '-',
      ...(b.mediaValue === null ? [] : [b.mediaValue.gross.toFixed(2)]),
      percent(b.coverage),
      b.first,
      b.last,
    ]),
  );
  return textTable([...head, 'quality', ...money, 'coverage', 'first', 'last'], rows);
}

export function secondsTable(report: ExposureReport): string {
  if (report.length === 0) return 'no appearances';
  return textTable(
    ['stream', 'brand', 'appearances', 'seconds', 'coverage', 'first', 'last'],
    report.map((row) => [
      row.streamId,
      row.label,
      String(row.appearances),
      seconds(row.exposureMs),
      percent(row.coverage),
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

const percent = (share: number | null, digits = 0): string =>
  share === null ? '-' : `${(100 * share).toFixed(digits)} %`;
const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const signed = (ms: number): string => (Math.abs(ms) < 50 ? '0.0' : `${ms > 0 ? '+' : ''}${seconds(ms)}`);
