import { escapeHtml } from '../../core/html.js';
import { GRID } from '../look.js';
import { COLOURS } from './style.js';

/** One part of a bar; `colour` is a number of the palette. */
export interface Part {
  readonly name: string;
  readonly value: number;
  readonly colour: number;
  /** What a reader is told of it. */
  readonly text: string;
}

export interface Bar {
  readonly name: string;
  readonly text: string;
  readonly parts: readonly Part[];
}

/** Texts are HTML's, and only the bars are drawn: so that they may be stretched, and read at any width. */
export function barChart(bars: readonly Bar[], max: number): string {
  const rows = bars.map(({ name, text, parts }) => {
    let x = 0;
    const drawn = parts.map((part) => {
      const width = max === 0 ? 0 : (1000 * part.value) / max;
      const rect = box(x, 0, width, 10, part.colour, `${part.name}: ${part.text}`);
      x += width;
      return rect;
    });
    const svg = `<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">${drawn.join('')}</svg>`;
    return `<li><span class="name">${escapeHtml(name)}</span>${svg}<span class="n">${escapeHtml(text)}</span></li>`;
  });
  return `<ul class="bars">${rows.join('')}</ul>`;
}

export function legend(names: readonly string[]): string {
  const items = names.map(
    (name, i) =>
      `<li><svg viewBox="0 0 10 10" aria-hidden="true">${box(0, 0, 10, 10, i)}</svg>${escapeHtml(name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

export interface TimeColumn {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** Columns in the order of time, each of parts on top of each other. `label` says in words what is drawn. */
export function columnChart(columns: readonly TimeColumn[], max: number, top: string, label: string): string {
  const step = 1000 / Math.max(1, columns.length);
  const drawn = columns.flatMap(({ name, parts }, i) => {
    let y = 100;
    return parts
      .filter(({ value }) => value > 0)
      .map((part) => {
        const height = (100 * part.value) / max;
        y -= height;
        return box(i * step, y, 0.85 * step, height, part.colour, `${name}, ${part.name}: ${part.text}`);
      });
  });
  const first = columns[0]?.name ?? '';
  const last = columns.length > 1 ? columns.at(-1)!.name : '';
  return `<div class="time"><div class="axis"><span>${escapeHtml(top)}</span></div>
<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(label)}">${drawn.join('')}</svg>
<div class="axis"><span>${escapeHtml(first)}</span><span>${escapeHtml(last)}</span></div></div>`;
}

/** A screen in nine cells, the darker the longer a mark's centre was there. */
export function placeChart(name: string, shares: readonly number[]): string {
  const most = Math.max(...shares, Number.EPSILON);
  const cells = shares.map((share, i) => {
    const [x, y] = [(i % GRID) * 16, Math.floor(i / GRID) * 9];
    const opacity = ((0.9 * share) / most).toFixed(3);
    return `<rect x="${x}" y="${y}" width="16" height="9" style="--fill:var(--c0)" opacity="${opacity}"/>`;
  });
  const text = shares.flatMap((share, i) =>
    share >= 0.005 ? `${PLACES[i]} ${(100 * share).toFixed(0)} %` : [],
  );
  return `<figure><svg viewBox="0 0 48 27" role="img" aria-label="${escapeHtml(`${name}: ${text.join(', ')}`)}">${cells.join('')}</svg>
<figcaption>${escapeHtml(name)}</figcaption></figure>`;
}

const PLACES = ['top', 'middle', 'bottom'].flatMap((row) =>
  ['left', 'centre', 'right'].map((c) => `${row} ${c}`),
);

function box(x: number, y: number, width: number, height: number, colour: number, title?: string): string {
  const fill = `--fill:var(--c${colour % COLOURS})`;
  const [a, b, c, d] = [x, y, width, height].map((v) => Number(v.toFixed(2)));
  const open = `<rect x="${a}" y="${b}" width="${c}" height="${d}" style="${fill}"`;
  return title === undefined ? `${open}/>` : `${open}><title>${escapeHtml(title)}</title></rect>`;
}
