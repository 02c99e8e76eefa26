import { escapeHtml } from '../../core/html.js';
import type { ExposureAnalysis } from '../analysis.js';
import type { ExposureScope } from '../figures.js';
import { type Cell, columnsOf } from './columns.js';
import { type Format, formatOf } from './format.js';
import { charts } from './sections.js';
import { PAGE_STYLE } from './style.js';
import { dataTable } from './tables.js';

/** Rows of the last table: a page is to be read; all rows are in the CSV. */
const CUT_ROWS_MAX = 500;

/** A page that needs no other file and asks nothing of any network; also for printing. */
export function exposureHtml(analysis: ExposureAnalysis, title = 'Exposure report'): string {
  const format = formatOf(analysis.timeZone, analysis.currency);
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1><p>${escapeHtml(period(analysis, format))}</p>
${analysis.all.brands.length === 0 ? '<p>No brand was seen in this time.</p>' : body(analysis, format)}
</main></body></html>
`;
}

function body(analysis: ExposureAnalysis, format: Format): string {
  const { streams, by } = analysis;
  const tables = [
    streams.length > 1
      ? section('Each stream', brandTable(analysis, format, streams, 'Brands by stream'))
      : '',
    by === null ? '' : section(`By ${by}`, cutTable(analysis, format)),
    section('How this was counted', counted(analysis)),
  ];
  return [
    tiles(analysis, format),
    ...charts(analysis, format).map((c) => section(c.title, c.html)),
    ...tables,
  ].join('\n');
}

const section = (title: string, html: string): string =>
  `<section><h2>${escapeHtml(title)}</h2>${html}</section>`;

function period({ from, to, all, streams, timeZone }: ExposureAnalysis, format: Format): string {
  const moment = (value: Cell) => format.cell(value, 'moment');
  const firsts = all.brands.map(({ first }) => first).sort();
  const lasts = all.brands.map(({ last }) => last).sort();
  const range = `${moment(from ?? firsts[0] ?? null)} to ${moment(to ?? lasts.at(-1) ?? null)}`;
  const names = streams.map(({ streamId }) => streamId);
  const of = names.length > 8 ? `${names.length} streams` : names.join(', ');
  return `${range}, time zone ${timeZone}${of === '' ? '' : `; ${of}`}`;
}

function tiles({ all, streams }: ExposureAnalysis, format: Format): string {
  const facts: [string, string][] = [
    ['streams', String(streams.length)],
    ['brands', String(all.brands.length)],
    ['appearances', String(all.appearances)],
    ['exposure, all brands', format.duration(all.exposureMs)],
    ['time with any brand', format.duration(all.screenMs)],
  ];
  if (all.observedShare !== null) facts.push(['of the time looked at', format.percent(all.observedShare)]);
  if (all.mediaValue !== null) {
    facts.push(['media value, gross', format.money(all.mediaValue.gross)]);
    facts.push(['media value, by quality', format.money(all.mediaValue.qualityWeighted)]);
  }
  return `<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`;
}

function brandTable(
  analysis: ExposureAnalysis,
  format: Format,
  scopes: readonly ExposureScope[],
  caption: string,
): string {
  const shown = columnsOf(analysis).filter(
    ({ name }) => SHOWN.test(name) && !(scopes[0]?.cut == null && name === 'cut'),
  );
  const head = shown.map(({ name, kind }) => ({
    name: name === 'cut' ? (analysis.by ?? '') : spoken(name),
    isText: kind === 'text',
  }));
  const rows = scopes.flatMap((scope) =>
    scope.brands.map((brand) => shown.map(({ value, kind }) => format.cell(value(scope, brand), kind))),
  );
  return dataTable(caption, head, rows);
}

const SHOWN =
  /^(?:stream|cut|brand|appearances|exposure_s|share_of_voice|solus_s|area_mean|clarity|quality_index|value_.*|coverage|first|last)$/;

const spoken = (name: string): string => name.replace(/_s$/, '').replaceAll('_', ' ');

function cutTable(analysis: ExposureAnalysis, format: Format): string {
  const shown: ExposureScope[] = [];
  let rows = 0;
  for (const scope of analysis.cuts) {
    rows += scope.brands.length;
    if (rows <= CUT_ROWS_MAX) shown.push(scope);
  }
  const left = analysis.cuts.length - shown.length;
  const note =
    left > 0 ? `<p>The first ${shown.length} parts; ${left} more are in the CSV and the workbook.</p>` : '';
  return note + brandTable(analysis, format, shown, `Brands by stream and ${analysis.by}`);
}

function counted({ settings, currency }: ExposureAnalysis): string {
  const { quality, sizeFull, legibleSide } = settings;
  const lines = [
    'Exposure is the time in which a brand was really seen; two of its marks at once count once. Solus: no other brand was on screen. Share of voice: of the exposure of all brands.',
    `Clarity is how sure the model was, times the mark's shorter side over ${legibleSide} of the picture's height, at most 1. It measures no sharpness.`,
    `The quality index is the mean of size (share of the screen over ${sizeFull}, at most 1), centrality, clarity and 1 / brands on screen, with weights ${quality.size}, ${quality.position}, ${quality.clarity} and ${quality.solus}, times 100.`,
    ...(currency === null
      ? []
      : [
          'Media value is exposure in units of 30 s times the price of a spot on the rate card; by quality: each moment times its quality. It is what the time would have cost, not what it achieved.',
        ]),
    'Size and place are means over an appearance. docs/exposure.md of logowatch has every formula.',
  ];
  return lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('');
}
