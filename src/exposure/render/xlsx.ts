import writeXlsxFile, { type SheetData, type Cell as XlsxCell } from 'write-excel-file/node';
import { LogowatchError } from '../../core/errors.js';
import type { ExposureAnalysis } from '../analysis.js';
import type { ExposureScope } from '../figures.js';
import { type Cell, type Column, columnsOf, type Kind } from './columns.js';

/** Of one sheet: a workbook is made in memory, and nobody reads more than this in one. */
const ROWS_MAX = 100_000;

const FORMATS: Partial<Record<Kind, string>> = {
  seconds: '0.0',
  share: '0.0%',
  index: '0.0',
  money: '#,##0.00',
  moment: 'yyyy-mm-dd hh:mm:ss',
};

/** A workbook with a sheet for all streams, one for each of them, one for their parts, and one for pairs. Errors: usage (too large). */
export async function exposureXlsx(analysis: ExposureAnalysis): Promise<Buffer> {
  const columns = columnsOf(analysis).filter(({ name }) => name !== 'scope');
  const { all, streams, cuts, by } = analysis;
  const own = columns.filter(({ name }) => !name.startsWith('cut'));
  const sheets = [
    {
      sheet: 'All streams',
      data: brandSheet(
        [all],
        own.filter(({ name }) => name !== 'stream'),
      ),
    },
    { sheet: 'Streams', data: brandSheet(streams, own) },
    ...(by === null ? [] : [{ sheet: `By ${by}`, data: brandSheet(cuts, columns) }]),
    { sheet: 'Together', data: pairSheet([all, ...streams]) },
    { sheet: 'How counted', data: settingsSheet(analysis) },
  ];
  const result = await writeXlsxFile(sheets.map((s) => ({ ...s, stickyRowsCount: 1 })));
  return result.toBuffer();
}

function brandSheet(scopes: readonly ExposureScope[], columns: readonly Column[]): SheetData {
  const rows = scopes.reduce((sum, { brands }) => sum + brands.length, 0);
  if (rows > ROWS_MAX)
    throw new LogowatchError('usage', 'The report is too large for a workbook', {
      value: `${rows} rows`,
      remedy: 'Use --csv, a shorter time, or --by day',
    });
  const head = columns.map(({ name, kind }) => title(kind === 'moment' ? `${name} (UTC)` : name));
  return [
    head,
    ...scopes.flatMap((scope) =>
      scope.brands.map((b) => columns.map((c) => cell(c.value(scope, b), c.kind))),
    ),
  ];
}

function pairSheet(scopes: readonly ExposureScope[]): SheetData {
  const rows = scopes.flatMap(({ streamId, pairs }) =>
    pairs
      .slice(0, ROWS_MAX)
      .map(({ labels: [a, b], togetherMs }) => [
        cell(streamId ?? 'all streams', 'text'),
        cell(a, 'text'),
        cell(b, 'text'),
        cell(togetherMs / 1000, 'seconds'),
      ]),
  );
  return [['stream', 'brand', 'with', 'together_s'].map(title), ...rows];
}

function settingsSheet({ settings, from, to, timeZone, currency }: ExposureAnalysis): SheetData {
  const { bands, sizeFull, legibleSide, quality } = settings;
  const facts: [string, Cell][] = [
    ['from', from ?? 'the first appearance'],
    ['to', to ?? 'the last appearance'],
    ['time zone', timeZone],
    ['currency', currency],
    ['size bands', bands.join(', ')],
    ['sizeFull', sizeFull],
    ['legibleSide', legibleSide],
    ...Object.entries(quality).map(([name, weight]): [string, Cell] => [`quality.${name}`, weight]),
  ];
  return [
    ['setting', 'value'].map(title),
    ...facts.map(([name, value]) => [cell(name, 'text'), cell(value, 'text')]),
  ];
}

const title = (value: string): XlsxCell => ({ value, type: String, fontWeight: 'bold' });

/** A text is a text cell, which no spreadsheet takes for a formula. */
function cell(value: Cell, kind: Kind): XlsxCell {
  if (value === null) return null;
  const format = FORMATS[kind];
  if (typeof value === 'number') return { value, type: Number, ...(format && { format }) };
  if (kind === 'moment') return { value: new Date(value), type: Date, format: FORMATS.moment! };
  return { value, type: String };
}
