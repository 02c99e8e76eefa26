import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sources } from '../../src/train/compose/sources.js';

/** A drawing of 96x96. */
export const svg = (body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96">${body}</svg>`;

/** The body of a drawing of three rings. */
export const RINGS = [40, 26, 12]
  .map((r, i) => `<circle cx="48" cy="48" r="${r}" fill="${i % 2 ? '#fff' : '#d00'}"/>`)
  .join('');
const BARS = [0, 1, 2, 3]
  .map((i) => `<path d="M${i * 24} 96L${i * 24 + 40} 0h14L${i * 24 + 14} 96z" fill="#0338d0"/>`)
  .join('');

/** A data set of two marks, `rings` and `bars`, as art. */
export async function writeArt(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'rings.svg'), svg(RINGS));
  await writeFile(join(folder, 'bars.svg'), svg(BARS));
}

/** What a brand known from one drawing is composed from, and nothing else. */
export const drawnBrand = (brand: string, art: string): Sources => ({
  brands: [brand],
  photos: [],
  photosByBrand: [[]],
  artByBrand: [[art]],
  scenes: [],
  distractors: [],
  distractorArt: [],
});
