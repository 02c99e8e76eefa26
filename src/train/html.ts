import type { Sharp } from 'sharp';
import type { Box } from '../core/geometry.js';
import { escapeHtml } from '../core/html.js';

const CSS = `:root{color-scheme:light dark;--fg:#1a1a1a;--bg:#fff;--line:#8884;--a:#0b6bcb;--b:#c2410c;--c:#15803d}
@media(prefers-color-scheme:dark){:root{--fg:#e8e8e8;--bg:#151515;--a:#6cb6ff;--b:#ff9d5c;--c:#6ee79a}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:1080px;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{border-bottom:1px solid var(--line);padding:.25rem .8rem;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.note{border-left:3px solid var(--b);padding-left:.8rem}
.row{display:flex;flex-wrap:wrap;gap:1rem}svg text{fill:var(--fg);font-size:11px}
figure{margin:0;max-width:244px}figcaption{font-size:12px;line-height:1.35;overflow-wrap:anywhere}`;

export { escapeHtml };

/** A page that needs no other file. `body` is HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${CSS}</style>
<h1>${escapeHtml(title)}</h1>${body}</html>\n`;
}

/** Name -> value, in the order given. */
export function factRows(facts: ReadonlyMap<string, string>): string {
  const rows = [...facts].map(([k, v]) => `<tr><th>${escapeHtml(k)}</th><td>${escapeHtml(v)}</td></tr>`);
  return `<table>${rows.join('')}</table>`;
}

/** A table whose columns after the first are figures, to the right. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: 'td' | 'th', cells: readonly string[]): string =>
    `<tr>${cells.map((cell, i) => `<${tag}${i > 0 ? ' class="n"' : ''}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${line('th', head)}${rows.map((row) => line('td', row)).join('')}</table>`;
}

export interface DrawnBox {
  /** Pixels of the picture as drawn. */
  readonly box: Box;
  readonly colour: string;
  readonly title: string;
  readonly dashed?: boolean;
}

/** A picture inside of the page (JPEG as a data URI) with boxes over it; its longer side is `side` px on the page. */
export async function pictureSvg(
  image: Sharp,
  { width, height }: { readonly width: number; readonly height: number },
  boxes: readonly DrawnBox[],
  side = 320,
): Promise<string> {
  const jpeg = await image.jpeg({ quality: 70 }).toBuffer();
  const drawn = boxes.map(
    ({ box: [x, y, w, h], colour, title, dashed }) =>
      `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="none" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 3"' : ''}><title>${escapeHtml(title)}</title></rect>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" width="${Math.round((side * width) / Math.max(width, height))}"><image href="data:image/jpeg;base64,${jpeg.toString('base64')}" width="${width}" height="${height}"/>${drawn.join('')}</svg>`;
}
