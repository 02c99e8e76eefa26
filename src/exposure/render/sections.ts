import type { ExposureAnalysis } from '../analysis.js';
import type { BrandFigures } from '../figures.js';
import { localTimeOf } from '../time-zone.js';
import { type Bar, barChart, columnChart, legend, type Part, placeChart, type TimeColumn } from './charts.js';
import { bandNames } from './columns.js';
import type { Format } from './format.js';
import { COLOURS } from './style.js';
import { behind, dataTable } from './tables.js';

export interface ChartSection {
  readonly title: string;
  readonly html: string;
}

/** Bars and screens that are drawn; tables have every brand. */
const DRAWN_MAX = 20;
const PAIRS_MAX = 50;
/** Forty days by the hour; more would be no wider than a hair. */
const COLUMNS_MAX = 1000;

/** Those that have something to show, for all streams together. */
export function charts(analysis: ExposureAnalysis, format: Format): ChartSection[] {
  const brands = [...analysis.all.brands].sort((a, b) => b.exposureMs - a.exposureMs);
  return [
    voice(brands, format),
    overTime(analysis, brands, format),
    stacked('Alone and in company', COMPANY, brands, (b) => b.simultaneousMs, format),
    stacked('Size on screen', bandNames(analysis.settings.bands), brands, (b) => b.bandsMs, format),
    places(brands, format),
    quality(brands, format),
    pairs(analysis, format),
  ].filter((section) => section !== undefined);
}

const COMPANY = ['alone (solus)', 'with one other brand', 'with two or more'];

/** Says what the charts leave out. */
const rest = (brands: readonly unknown[]): string =>
  brands.length > DRAWN_MAX
    ? `<p>The ${DRAWN_MAX} longest of ${brands.length} brands; the table has all.</p>`
    : '';

function voice(brands: readonly BrandFigures[], format: Format): ChartSection {
  const bars = brands.slice(0, DRAWN_MAX).map(({ label, exposureMs, shareOfVoice }): Bar => {
    const text = `${format.percent(shareOfVoice)} · ${format.duration(exposureMs)}`;
    return { name: label, text, parts: [{ name: label, value: exposureMs, colour: 0, text }] };
  });
  const head = [
    BRAND,
    figure('share of voice'),
    figure('exposure'),
    figure('appearances'),
    figure('coverage'),
  ];
  const rows = brands.map((b) => [
    b.label,
    format.percent(b.shareOfVoice),
    format.duration(b.exposureMs),
    String(b.appearances),
    format.percent(b.coverage),
  ]);
  const max = Math.max(...brands.map((b) => b.exposureMs));
  return {
    title: 'Share of voice',
    html: rest(brands) + barChart(bars, max) + behind(dataTable('Share of voice', head, rows)),
  };
}

/** A bar a brand, as long as its exposure, in parts. */
function stacked(
  title: string,
  names: readonly string[],
  brands: readonly BrandFigures[],
  partsOf: (brand: BrandFigures) => readonly number[],
  format: Format,
): ChartSection {
  const bars = brands.slice(0, DRAWN_MAX).map((brand): Bar => {
    const parts = partsOf(brand).map((value, i): Part => {
      const share = format.percent(brand.exposureMs === 0 ? 0 : value / brand.exposureMs);
      return { name: names[i]!, value, colour: i, text: `${format.duration(value)}, ${share}` };
    });
    return { name: brand.label, text: format.duration(brand.exposureMs), parts };
  });
  const rows = brands.map((b) => [b.label, ...partsOf(b).map((ms) => format.duration(ms))]);
  const table = dataTable(title, [BRAND, ...names.map(figure)], rows);
  const max = Math.max(...brands.map((b) => b.exposureMs));
  return { title, html: rest(brands) + legend(names) + barChart(bars, max) + behind(table) };
}

function places(brands: readonly BrandFigures[], format: Format): ChartSection {
  const drawn = brands.slice(0, DRAWN_MAX).filter((b) => b.exposureMs > 0);
  const screens = drawn.map((b) =>
    placeChart(
      b.label,
      b.positionMs.map((ms) => ms / b.exposureMs),
    ),
  );
  const names = ['top', 'middle', 'bottom'].flatMap((row) =>
    ['left', 'centre', 'right'].map((c) => `${row} ${c}`),
  );
  const head = [BRAND, figure('centrality'), ...names.map(figure)];
  const rows = brands.map((b) => [
    b.label,
    b.centrality === null ? '-' : b.centrality.toFixed(2),
    ...b.positionMs.map((ms) => format.duration(ms)),
  ]);
  const html = `${rest(brands)}<div class="places">${screens.join('')}</div>${behind(dataTable('Place on screen', head, rows))}`;
  return { title: 'Place on screen', html };
}

function quality(brands: readonly BrandFigures[], format: Format): ChartSection {
  const drawn = brands.slice(0, DRAWN_MAX).filter((b) => b.qualityIndex !== null);
  const bars = drawn.map(({ label, qualityIndex }): Bar => {
    const text = qualityIndex!.toFixed(1);
    return { name: label, text, parts: [{ name: label, value: qualityIndex!, colour: 2, text }] };
  });
  const isRated = brands.some((b) => b.mediaValue !== null);
  const head = ['quality index', 'area', 'centrality', 'clarity', 'solus', ...(isRated ? VALUES : [])].map(
    figure,
  );
  const share = (b: BrandFigures) => (b.exposureMs === 0 ? null : b.solusMs / b.exposureMs);
  const rows = brands.map((b) => [
    b.label,
    format.cell(b.qualityIndex, 'index'),
    format.percent(b.areaMean),
    b.centrality?.toFixed(2) ?? '-',
    b.clarity?.toFixed(2) ?? '-',
    format.percent(share(b)),
    ...(b.mediaValue === null
      ? []
      : [format.money(b.mediaValue.gross), format.money(b.mediaValue.qualityWeighted)]),
  ]);
  const table = behind(dataTable('Quality', [BRAND, ...head], rows));
  return {
    title: isRated ? 'Quality and media value' : 'Quality',
    html: rest(brands) + barChart(bars, 100) + table,
  };
}

const VALUES = ['value, gross', 'value, by quality'];

function pairs({ all }: ExposureAnalysis, format: Format): ChartSection | undefined {
  if (all.pairs.length === 0) return undefined;
  const shown = all.pairs.slice(0, PAIRS_MAX);
  const note =
    all.pairs.length > PAIRS_MAX ? `<p>The ${PAIRS_MAX} longest of ${all.pairs.length} pairs.</p>` : '';
  const head = [BRAND, { name: 'with', isText: true }, figure('together')];
  const rows = shown.map(({ labels: [a, b], togetherMs }) => [a, b, format.duration(togetherMs)]);
  return { title: 'Who was seen with whom', html: note + dataTable('Brands seen together', head, rows) };
}

/** The longest brands have colours of their own, the others share one. */
function overTime(
  analysis: ExposureAnalysis,
  brands: readonly BrandFigures[],
  format: Format,
): ChartSection | undefined {
  const { by, cuts } = analysis;
  if (by === null || cuts.length === 0) return undefined;
  const named = brands.slice(0, brands.length > COLOURS ? COLOURS - 1 : COLOURS).map((b) => b.label);
  const names = named.length < brands.length ? [...named, 'other brands'] : named;
  const title = `Exposure by ${by}`;
  const all = columnNames(analysis);
  if (all.length > COLUMNS_MAX)
    return {
      title,
      html: `<p>${all.length} parts are too many to draw: choose a shorter time, or --by day.</p>`,
    };
  const columns = new Map(all.map((name) => [name, names.map(() => 0)]));
  for (const { cut, brands: inCut } of cuts) {
    const values = columns.get(cut?.name ?? NO_PROGRAMME)!;
    for (const { label, exposureMs } of inCut) {
      const i = named.indexOf(label);
      values[i < 0 ? names.length - 1 : i]! += exposureMs;
    }
  }
  const drawn = [...columns].map(([name, values]): TimeColumn => {
    const part = (value: number, i: number) => ({
      name: names[i]!,
      value,
      colour: i,
      text: format.duration(value),
    });
    return { name, parts: values.map(part) };
  });
  const max = Math.max(...[...columns.values()].map((values) => values.reduce((a, b) => a + b, 0)), 1);
  const chart =
    by === 'programme'
      ? barChart(
          drawn.map((c) => ({ ...c, text: format.duration(sumOf(c.parts)) })),
          max,
        )
      : columnChart(drawn, max, format.duration(max), `${title}: the table below tells of each`);
  return { title, html: legend(names) + chart };
}

const NO_PROGRAMME = 'no programme';

/** In the order of time; hours and days in which nothing was seen too. */
function columnNames({ cuts, by, timeZone }: ExposureAnalysis): string[] {
  const starts = [...cuts].sort((a, b) => compare(a.cut?.startTime ?? '', b.cut?.startTime ?? ''));
  if (by === 'programme') return [...new Set(starts.map(({ cut }) => cut?.name ?? NO_PROGRAMME))];
  const local = localTimeOf(timeZone);
  const partAt = by === 'hour' ? local.hourAt : local.dayAt;
  const names: string[] = [];
  const lastMs = Date.parse(starts.at(-1)?.cut?.startTime ?? '');
  for (let ms = Date.parse(starts[0]?.cut?.startTime ?? ''); ms <= lastMs; ) {
    const { name, endMs } = partAt(ms);
    names.push(name);
    ms = endMs;
  }
  return names;
}

const sumOf = (parts: readonly Part[]): number => parts.reduce((sum, p) => sum + p.value, 0);
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const BRAND = { name: 'brand', isText: true };
const figure = (name: string) => ({ name, isText: false });
