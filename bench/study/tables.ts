import { table } from '../measure.js';
import type { Measures, Spread } from './measures.js';
import type { Section } from './recipes.js';
import type { Results, Row } from './results.js';

const TITLES: Record<Section, string> = {
  closed: 'Softmax over the brands alone',
  reject: 'The same head, with a score to reject by',
  unknown: 'Softmax with an unknown class of',
  sigmoid: 'A sigmoid a brand, all-zero labels for',
  generated: 'Unknown class of generated pictures',
  detection: 'Detection',
};
const COLUMNS: readonly (readonly [keyof Measures, string])[] = [
  ['auroc', 'AUROC'],
  ['fpr95', 'FPR@95TPR'],
  ['right', 'right brand'],
  ['rightAt1', 'right at 1 %'],
  ['rightAt01', 'right at 0.1 %'],
  ['unknownAt1', 'unknown logos at 1 %'],
  ['oscr', 'OSCR'],
];

/** `.812` or `.812 ± .004`; shares and areas alike, so that columns compare. */
export function cell({ mean, deviation, seeds }: Spread, digits = 3): string {
  if (!Number.isFinite(mean)) return '-';
  const plain = (v: number): string => v.toFixed(digits).replace(/^0\./, '.');
  return seeds > 1 ? `${plain(mean)} ± ${plain(deviation)}` : plain(mean);
}

/** The tables of docs/open-set.md by the names of their marks. */
export function tables(results: Results): Record<string, string> {
  return {
    confidence: confidenceTable(results.rows),
    photos: measureTable(results.rows, 'photos'),
    frames: measureTable(results.rows, 'frames'),
    widths: widthTable(results.rows),
    run: runTable(results),
  };
}

function measureTable(rows: readonly Row[], set: 'photos' | 'frames'): string {
  const lines: string[][] = [['', ...COLUMNS.map(([, title]) => title)]];
  let section: Section | undefined;
  for (const row of rows) {
    if (row.section !== section) {
      section = row.section;
      lines.push([`**${TITLES[section]}**`, ...COLUMNS.map(() => '')]);
    }
    lines.push([row.title, ...COLUMNS.map(([name]) => cell(row[set][name], 2))]);
  }
  return table(lines);
}

function confidenceTable(rows: readonly Row[]): string {
  const names = ['mean', 'above50', 'above90', 'above99'] as const;
  const lines = rows.flatMap((row) => {
    if (row.confidence === undefined || row.section !== 'closed') return [];
    const { photos, frames } = row.confidence;
    return [
      [row.title, ...names.map((n) => cell(photos[n], 2)), cell(frames.mean, 2), cell(frames.above90, 2)],
    ];
  });
  const head = ['', 'mean', '> .5', '> .9', '> .99', 'frames: mean', 'frames: > .9'];
  return table([head, ...lines]);
}

function widthTable(rows: readonly Row[]): string {
  const head = ['', '3 to 5 %', '5 to 8 %', '8 to 12 %', '12 to 20 %'];
  return table([head, ...bestOf(rows).map((row) => [row.title, ...row.byWidth.map((w) => cell(w, 2))])]);
}

/** The best of each section on frames. */
function bestOf(rows: readonly Row[]): Row[] {
  const best = new Map<Section, Row>();
  for (const row of rows) {
    const other = best.get(row.section);
    if (!other || row.frames.rightAt1.mean > other.frames.rightAt1.mean) best.set(row.section, row);
  }
  return [...best.values()].map((row) => ({
    ...row,
    title: `${TITLES[row.section]}: ${row.title}`,
  }));
}

function runTable({ command, seeds, cpuSeconds, detector, counts }: Results): string {
  const facts = [
    ['command', `\`${command}\``],
    ['seeds of training', String(seeds)],
    ['detector', detector],
    ['processor time of this run', `${Math.round(cpuSeconds / 60)} min`],
    ...Object.entries(counts).map(([name, n]) => [name, String(n)]),
  ];
  return table([['', ''], ...facts]);
}
