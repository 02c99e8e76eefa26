import sharp from 'sharp';
import { drawFile } from '../../core/drawing.js';
import { type DrawnBox, escapeHtml, factRows, htmlPage, htmlTable, pictureSvg } from '../html.js';
import { type Answer, bestOf, relativeBox, topScore } from './answers.js';
import {
  BRAND_HEAD,
  brandRow,
  describeData,
  FIGURE_HEAD,
  FRAME_HEAD,
  figureRows,
  frameRow,
  score,
} from './figures.js';
import { reportPlots } from './report-plots.js';
import type { Judgement } from './summary.js';
import { type WorstErrors, worstErrors } from './worst.js';

const THUMB_PX = 240;
const LANES = 4;

/** One self-contained page: figures, plots, and the worst errors as pictures. */
export async function renderEvaluation(
  { summary, detection }: Judgement,
  answers: readonly Answer[],
): Promise<string> {
  const { model, data } = summary;
  const facts = new Map([
    ['model', `${model.id} (${model.hash.slice(0, 12)}), ${model.engine}, ${model.labels.length} brands`],
    ['pictures', describeData(summary)],
    ['data', data.dataset],
  ]);
  const troubles = data.unreadable.map((line) => `Not read: ${line}`);
  const notes = [...data.notes, ...troubles].map((n) => `<p class="note">${escapeHtml(n)}</p>`);
  const frames =
    summary.frames === null
      ? ''
      : `<h2>Small logos</h2><p>Frames of 640x360. The false pictures are logo-free pictures as a whole.</p>${htmlTable(FRAME_HEAD, summary.frames.bins.map(frameRow))}`;
  const body = [
    factRows(facts),
    notes.join(''),
    `<h2>Figures</h2>${htmlTable(FIGURE_HEAD, figureRows(summary))}`,
    frames,
    `<h2>Brands</h2>${htmlTable(BRAND_HEAD, summary.brands.map(brandRow))}`,
    `<h2>Plots</h2><div class="row">${reportPlots(summary, answers, detection).join('')}</div>`,
    await sheets(worstErrors(answers)),
  ];
  return htmlPage(`Evaluation of ${model.id}`, body.join('\n'));
}

const SHEETS: readonly (readonly [keyof WorstErrors, string, string])[] = [
  [
    'logoFree',
    'Logo-free pictures that score highest',
    'Look for brands that nobody marked: list them in a file and leave them out with --exclude. The others are what to train against.',
  ],
  [
    'unknown',
    'Unknown logos that score highest',
    'Look-alikes. More of their kind belong among the negatives.',
  ],
  ['wrongBrand', 'Taken for another brand', 'The brand in the picture comes first, then what the model saw.'],
  [
    'missed',
    'Logos with the lowest scores',
    'Dashed: where the logo is. Solid: where the model saw it best.',
  ],
];

async function sheets(errors: WorstErrors): Promise<string> {
  const parts: string[] = [];
  for (const [key, title, text] of SHEETS) {
    const answers = errors[key];
    const figures: string[] = [];
    for (let i = 0; i < answers.length; i += LANES)
      figures.push(...(await Promise.all(answers.slice(i, i + LANES).map((a) => thumb(a, key)))));
    const shown = figures.length === 0 ? '<p>None.</p>' : `<div class="row">${figures.join('')}</div>`;
    parts.push(`<h2>${title}</h2><p>${text}</p>${shown}`);
  }
  return parts.join('\n');
}

async function thumb(answer: Answer, list: keyof WorstErrors): Promise<string> {
  const { picture, width, height } = answer;
  const k = Math.min(1, (2 * THUMB_PX) / Math.max(width, height));
  const size = { width: Math.max(1, Math.round(width * k)), height: Math.max(1, Math.round(height * k)) };
  const image = sharp(picture.source)
    .autoOrient()
    .resize(size.width, size.height, { fit: 'fill' })
    .flatten({ background: 'white' });
  const best = answer.detections[0];
  const shown = list === 'missed' ? bestOf(answer, picture.labels[0] ?? '') : best;
  const boxes: DrawnBox[] = shown === undefined ? [] : [drawn(shown, '#f33', false)];
  const { truth } = picture;
  for (const { label, box } of truth?.boxes ?? [])
    boxes.push(drawn({ label, box: relativeBox(box, truth!.width, truth!.height) }, '#3e3', true));
  const scaled = boxes.map((b) => ({ ...b, box: toPixels(b.box, size) }));
  const said = best === undefined ? 'nothing' : `${best.label} ${score(topScore(answer))}`;
  const held = picture.labels.length === 0 ? '' : `${picture.labels.join(', ')}: `;
  const own =
    list === 'missed' && shown !== undefined && shown !== best
      ? `, ${shown.label} ${score(shown.score)}`
      : '';
  const svg = await drawFile(picture.source, () => pictureSvg(image, size, scaled, THUMB_PX));
  return `<figure>${svg}<figcaption>${escapeHtml(`${held}${said}${own}`)}<br>${escapeHtml(picture.name)}</figcaption></figure>`;
}

function drawn(
  { label, box, score: value }: { label: string; box: DrawnBox['box']; score?: number },
  colour: string,
  dashed: boolean,
): DrawnBox {
  return { box, colour, dashed, title: value === undefined ? label : `${label} ${score(value)}` };
}

function toPixels([x, y, w, h]: DrawnBox['box'], size: { width: number; height: number }): DrawnBox['box'] {
  return [x * size.width, y * size.height, w * size.width, h * size.height];
}
