import { rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import sharp from 'sharp';
import { drawFile } from '../../core/drawing.js';
import { FOUND_BOXES_FILE } from '../datasets/coco.js';
import { escapeHtml } from '../html.js';
import type { FoundPlace } from '../localise.js';

export const DOUBTFUL_FILE = 'doubtful.json';
/** Pictures of each kind in the report. */
const SHOWN_MAX = 24;
const THUMBNAIL_PX = 240;

/**
 * Writes FOUND_BOXES_FILE (COCO, file names from the data set's folder; doubtful pictures come without a box) and
 * DOUBTFUL_FILE, or takes away what an earlier run left where there is nothing to say.
 */
export async function writePlaces(folder: string, root: string, found: readonly FoundPlace[]): Promise<void> {
  const doubtful = found.flatMap(({ file, label, boxes, score, doubt }) =>
    doubt === undefined
      ? []
      : [{ file: nameIn(root, file), brand: label, reason: doubt, guess: boxes[0], score: round(score) }],
  );
  await put(join(folder, FOUND_BOXES_FILE), found.length > 0 ? coco(root, found) : undefined);
  await put(join(folder, DOUBTFUL_FILE), doubtful.length > 0 ? doubtful : undefined);
}

async function put(path: string, value: unknown): Promise<void> {
  if (value === undefined) await rm(path, { force: true });
  else await writeFile(path, `${JSON.stringify(value, null, 1)}\n`);
}

const round = (v: number): number => Number(v.toFixed(3));
const nameIn = (root: string, file: string): string => relative(root, file).split(sep).join('/');

function coco(root: string, found: readonly FoundPlace[]): unknown {
  const labels = [...new Set(found.map((f) => f.label))].sort();
  const images = found.map(({ file, width, height }, n) => ({
    id: n + 1,
    file_name: nameIn(root, file),
    width,
    height,
  }));
  const annotations = found
    .flatMap(({ label, boxes, doubt }, n) =>
      (doubt === undefined ? boxes : []).map((bbox) => ({
        image_id: n + 1,
        category_id: labels.indexOf(label) + 1,
        bbox,
        area: Math.round(bbox[2] * bbox[3]),
        iscrowd: 0,
      })),
    )
    .map((annotation, n) => ({ id: n + 1, ...annotation }));
  return { images, annotations, categories: labels.map((name, n) => ({ id: n + 1, name })) };
}

/** For the report: the doubtful pictures with the best guess and why, and some of the others with what was found. */
export async function renderPlaces(root: string, found: readonly FoundPlace[]): Promise<string> {
  if (found.length === 0) return '';
  const doubtful = found.filter((f) => f.doubt !== undefined);
  const sure = found.filter((f) => f.doubt === undefined);
  const parts = [
    `<h2>Where the logo was found</h2><p>${sure.length} of ${found.length} pictures without boxes; all boxes are in ${FOUND_BOXES_FILE}: correct it, put it into the data set's folder and train again.</p>`,
    await sheet(root, sure),
    doubtful.length > 0
      ? `<h2>Doubtful pictures</h2><p>${doubtful.length} pictures, all listed in ${DOUBTFUL_FILE}, with the best guess.</p>`
      : '',
    await sheet(root, doubtful),
  ];
  return parts.join('');
}

async function sheet(root: string, found: readonly FoundPlace[]): Promise<string> {
  const step = Math.max(1, Math.floor(found.length / SHOWN_MAX));
  const shown = found.filter((_, i) => i % step === 0).slice(0, SHOWN_MAX);
  return `<div class="frames">${(await Promise.all(shown.map((f) => thumbnail(root, f)))).join('')}</div>`;
}

async function thumbnail(
  root: string,
  { file, label, width, height, boxes, doubt }: FoundPlace,
): Promise<string> {
  const image = sharp(file)
    .autoOrient()
    .resize({ width: THUMBNAIL_PX, height: THUMBNAIL_PX, fit: 'inside' })
    .flatten({ background: '#fff' })
    .jpeg({ quality: 70 });
  const jpeg = await drawFile(file, () => image.toBuffer());
  const colour = doubt === undefined ? '#3e3' : '#f33';
  const drawn = boxes
    .map(
      ([x, y, w, h]) =>
        `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="none" stroke="${colour}" stroke-width="${Math.max(width, height) / 80}"/>`,
    )
    .join('');
  const side = THUMBNAIL_PX / Math.max(width, height);
  const caption = [label, nameIn(root, file), doubt].filter((t) => t !== undefined).join('; ');
  return `<figure style="margin:0;width:${THUMBNAIL_PX}px"><svg viewBox="0 0 ${width} ${height}" width="${Math.round(width * side)}" height="${Math.round(height * side)}"><image href="data:image/jpeg;base64,${jpeg.toString('base64')}" width="${width}" height="${height}"/>${drawn}</svg><figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}
