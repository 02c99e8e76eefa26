import sharp from 'sharp';
import type { ComposedFrame } from './compose/composer.js';
import type { EpochRecord } from './head/fit.js';

export interface ReportInput {
  readonly title: string;
  /** Name -> value, in the order shown. */
  readonly facts: ReadonlyMap<string, string>;
  /** What was trained, each with a record an epoch. */
  readonly curves: readonly { readonly title: string; readonly history: readonly EpochRecord[] }[];
  readonly brands: readonly string[];
  readonly frames: readonly ComposedFrame[];
  /** HTML that goes before the frames. */
  readonly places?: string;
}

const CSS = `:root{color-scheme:light dark;--fg:#1a1a1a;--bg:#fff;--line:#8884;--a:#0b6bcb;--b:#c2410c}
@media(prefers-color-scheme:dark){:root{--fg:#e8e8e8;--bg:#151515;--a:#6cb6ff;--b:#ff9d5c}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:1080px;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{border-bottom:1px solid var(--line);padding:.25rem .8rem;text-align:left}
.curves,.frames{display:flex;flex-wrap:wrap;gap:1rem}.frames img{width:320px}svg text{fill:var(--fg);font-size:11px}`;

export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** One self-contained page: figures, training curves, and some of the frames that were composed. */
export async function renderReport(input: ReportInput): Promise<string> {
  const { title, facts, brands, frames } = input;
  const rows = [...facts]
    .map(([k, v]) => `<tr><th>${escapeHtml(k)}</th><td>${escapeHtml(v)}</td></tr>`)
    .join('');
  const curves = input.curves.flatMap(({ title: part, history }) => [
    curve(
      `${part}: loss a batch`,
      history.map((h) => h.loss),
      undefined,
    ),
    curve(
      `${part}: held-out AUROC`,
      history.map((h) => h.auroc),
      [0.5, 1],
    ),
    curve(
      `${part}: held-out mean recall (chooses the epoch)`,
      history.map((h) => h.meanRecall),
      [0, 1],
    ),
  ]);
  const pictures = await Promise.all(frames.map((f) => drawFrame(f, brands)));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${CSS}</style>
<h1>${escapeHtml(title)}</h1><table>${rows}</table><h2>Training</h2><div class="curves">${curves.join('')}</div>${input.places ?? ''}
<h2>Composed frames</h2><p>Green: taught as a logo. Red: too little to see, left out.</p><div class="frames">${pictures.join('')}</div></html>\n`;
}

function curve(
  name: string,
  values: readonly number[],
  range: readonly [number, number] | undefined,
): string {
  const [w, h, left, top] = [420, 200, 44, 22];
  const finite = values.filter(Number.isFinite);
  const [low, high] = range ?? [0, Math.max(1e-6, ...finite)];
  const x = (i: number): number => left + (i / Math.max(1, values.length - 1)) * (w - left - 12);
  const y = (v: number): number => top + (1 - (v - low) / (high - low)) * (h - top - 24);
  const points = values.flatMap((v, i) =>
    Number.isFinite(v) ? [`${x(i).toFixed(1)},${y(v).toFixed(1)}`] : [],
  );
  const ticks = [low, (low + high) / 2, high]
    .map(
      (v) =>
        `<line x1="${left}" x2="${w - 12}" y1="${y(v)}" y2="${y(v)}" stroke="var(--line)"/><text x="2" y="${y(v) + 4}">${v.toPrecision(3)}</text>`,
    )
    .join('');
  return `<svg width="${w}" height="${h}" role="img" aria-label="${escapeHtml(name)}"><text x="${left}" y="14">${escapeHtml(name)}, ${values.length} epochs</text>${ticks}<polyline points="${points.join(' ')}" fill="none" stroke="var(--a)" stroke-width="2"/></svg>`;
}

async function drawFrame(frame: ComposedFrame, brands: readonly string[]): Promise<string> {
  const { width, height, data, targets } = frame;
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 70 })
    .toBuffer();
  const boxes = targets
    .map(({ box: [x, y, w, h], brand, ignore }) => {
      const colour = ignore ? '#f33' : '#3e3';
      return `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="none" stroke="${colour}" stroke-width="2"><title>${escapeHtml(brands[brand] ?? '')}</title></rect>`;
    })
    .join('');
  return `<svg viewBox="0 0 ${width} ${height}" width="${Math.round((320 * width) / Math.max(width, height))}"><image href="data:image/jpeg;base64,${jpeg.toString('base64')}" width="${width}" height="${height}"/>${boxes}</svg>`;
}
