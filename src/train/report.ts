import sharp from 'sharp';
import type { ComposedFrame } from './compose/composer.js';
import type { EpochRecord } from './head/fit.js';
import { escapeHtml, factRows, htmlPage, pictureSvg } from './html.js';

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

/** One self-contained page: figures, training curves, and some of the frames that were composed. */
export async function renderReport(input: ReportInput): Promise<string> {
  const { title, facts, brands, frames } = input;
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
  const shown = `<h2>Training</h2><div class="row">${curves.join('')}</div>${input.places ?? ''}
<h2>Composed frames</h2><p>Green: taught as a logo. Red: too little to see, left out.</p><div class="row">${pictures.join('')}</div>`;
  return htmlPage(title, factRows(facts) + shown);
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
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const boxes = targets.map(({ box, brand, ignore }) => ({
    box,
    colour: ignore ? '#f33' : '#3e3',
    title: brands[brand] ?? '',
  }));
  return pictureSvg(image, { width, height }, boxes);
}
