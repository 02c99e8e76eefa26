import type { ExposureAnalysis } from '../analysis.js';
import { type Cell, type Column, columnsOf, scopesOf } from './columns.js';

/** RFC 4180, a piece at a time: a line a brand and scope; seconds and shares are numbers with a decimal point. */
export function* exposureCsv(analysis: ExposureAnalysis): Generator<string> {
  const columns = columnsOf(analysis);
  yield line(columns.map(({ name }) => name));
  for (const scope of scopesOf(analysis)) {
    let lines = '';
    for (const brand of scope.brands)
      lines += line(columns.map((column) => cell(column, column.value(scope, brand))));
    if (lines !== '') yield lines;
  }
}

const line = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\r\n`;

function cell({ kind }: Column, value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(Number(value.toFixed(kind === 'share' ? 6 : 3)));
  return kind === 'text' ? harmless(value) : value;
}

/** Names come from guides and folders: a spreadsheet must not take one for a formula. */
export const harmless = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
