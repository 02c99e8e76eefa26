import { type Box, boxArea, iou } from '../../core/geometry.js';
import { loadImage } from '../../infer/image.js';
import { distinct, placesOf } from '../../infer/network/places.js';
import type { Bank } from '../bank.js';
import type { Base } from '../base.js';
import { FRAME_SHAPES } from '../compose/composer.js';
import { CROP_INPUTS } from '../samples.js';

/** Places of a picture that are compared, beside what they make up together and the whole of it. */
const PLACES = 12;
/** Places that touch when enlarged so much are looked at as one: the network often sees a logo in pieces. */
const REACHES = [1, 1.5] as const;
/** Boxes that overlap more are one. */
const SAME_BOX_IOU = 0.85;
/** Rows of the bank that a place is compared with. */
const BACKGROUND_ROWS = 2000;
/** Rows that count as one picture: about as many places are compared in one. */
const ROWS_A_PICTURE = 15;

/** A part of a picture that may be the logo. */
export interface PlaceCandidate {
  /** Pixels of the file, upright. */
  readonly box: Box;
  /** Of the picture's area, 0..1. */
  readonly share: number;
  readonly whole: boolean;
  /** Logit of being at some logo, of whatever brand; of the whole picture -Infinity. */
  readonly logo: number;
  /** What the second look makes of it, of length 1: see Background. */
  readonly embedding: Float32Array;
  /** Greatest cosine to the places of each of many background pictures, falling. */
  readonly background: Float64Array;
}

/** The bank as what embeddings are measured against: from its mean, each channel in its deviations. */
export class Background {
  readonly #mean = new Float64Array(CROP_INPUTS);
  readonly #deviation = new Float64Array(CROP_INPUTS);
  readonly #rows: readonly Float32Array[];

  constructor(bank: Bank) {
    const all = bank.flatMap(({ crops }) =>
      Array.from(crops.labels, (_, n) => crops.data.subarray(n * CROP_INPUTS, (n + 1) * CROP_INPUTS)),
    );
    const rows = spread(all, BACKGROUND_ROWS);
    for (let i = 0; i < CROP_INPUTS; i++) {
      const mean = rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length;
      const variance = rows.reduce((sum, row) => sum + (row[i]! - mean) ** 2, 0) / rows.length;
      this.#mean[i] = mean;
      this.#deviation[i] = Math.sqrt(variance) + 1e-6;
    }
    this.#rows = rows.map((row) => this.embed(row));
  }

  embed(values: Float32Array): Float32Array {
    const centred = Float32Array.from(values, (v, i) => (v - this.#mean[i]!) / this.#deviation[i]!);
    const length = Math.sqrt(cosine(centred, centred)) + 1e-9;
    return centred.map((v) => v / length);
  }

  /** See PlaceCandidate.background. */
  likeness(embedding: Float32Array): Float64Array {
    const greatest = new Float64Array(Math.ceil(this.#rows.length / ROWS_A_PICTURE)).fill(-1);
    this.#rows.forEach((row, n) => {
      const picture = Math.floor(n / ROWS_A_PICTURE);
      greatest[picture] = Math.max(greatest[picture]!, cosine(row, embedding));
    });
    return greatest.sort().reverse();
  }
}

/** Of vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function meanOfTop(values: readonly number[], most: number): number {
  const top = Float64Array.from(values).sort().slice(-most);
  return top.length === 0 ? 0 : top.reduce((a, b) => a + b, 0) / top.length;
}

/** At most `most` items, evenly from the whole list. */
export function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}

/** Embedding of a box of a picture (pixels of the file), or of the whole of it. Errors: image-unreadable. */
export async function embeddingAt(
  base: Base,
  background: Background,
  file: string,
  box?: Box,
): Promise<Float32Array> {
  const { image, originalWidth, originalHeight } = await loadImage(file, FRAME_SHAPES);
  const { content } = image;
  const [kx, ky] = [content.width / originalWidth, content.height / originalHeight];
  const [x, y, w, h] = box ?? [0, 0, originalWidth, originalHeight];
  const placed: Box = [content.x + x * kx, content.y + y * ky, w * kx, h * ky];
  return background.embed(await base.crops(image, [placed]));
}

/** The places of a picture most like some logo, and last the whole of it. Errors: image-unreadable. */
export async function candidatesOf(
  base: Base,
  background: Background,
  file: string,
): Promise<PlaceCandidate[]> {
  const { image, originalWidth, originalHeight } = await loadImage(file, FRAME_SHAPES);
  const { content } = image;
  const places = placesOf(await base.look(image), content).sort((a, b) => b.logo - a.logo);
  const chosen = withUnions(distinct(places, PLACES));
  const boxes: Box[] = [...chosen.map((p) => p.box), [content.x, content.y, content.width, content.height]];
  const values = await base.crops(image, boxes);
  const [kx, ky] = [originalWidth / content.width, originalHeight / content.height];
  return boxes.map((box, n) => {
    const [x, y, w, h] = box;
    const embedding = background.embed(values.subarray(n * CROP_INPUTS, (n + 1) * CROP_INPUTS));
    return {
      box: [(x - content.x) * kx, (y - content.y) * ky, w * kx, h * ky],
      share: boxArea(box) / (content.width * content.height),
      whole: n === chosen.length,
      logo: chosen[n]?.logo ?? -Infinity,
      embedding,
      background: background.likeness(embedding),
    };
  });
}

type Boxed = Pick<PlaceCandidate, 'box' | 'logo'>;

/** The places and, behind them, each group of them that lie together as one. */
export function withUnions(places: readonly Boxed[]): Boxed[] {
  const all = [...places];
  for (const reach of REACHES) {
    for (const group of groupsOf(places, reach)) {
      const [x, y] = [0, 1].map((i) => Math.min(...group.map((p) => p.box[i as 0 | 1]!))) as [number, number];
      const right = Math.max(...group.map(({ box }) => box[0] + box[2]));
      const bottom = Math.max(...group.map(({ box }) => box[1] + box[3]));
      const box: Box = [x, y, right - x, bottom - y];
      if (all.every((p) => iou(p.box, box) < SAME_BOX_IOU))
        all.push({ box, logo: Math.max(...group.map((p) => p.logo)) });
    }
  }
  return all;
}

/** Places that hang together when each is enlarged about its centre. */
function groupsOf(places: readonly Boxed[], reach: number): Boxed[][] {
  const grown = places.map(({ box: [x, y, w, h] }): Box => {
    const [dx, dy] = [(w * (reach - 1)) / 2, (h * (reach - 1)) / 2];
    return [x - dx, y - dy, w + 2 * dx, h + 2 * dy];
  });
  const group = places.map((_, i) => i);
  for (let i = 0; i < places.length; i++)
    for (let j = 0; j < i; j++) {
      if (group[i] === group[j] || iou(grown[i]!, grown[j]!) === 0) continue;
      const [from, to] = [group[i]!, group[j]!];
      for (let k = 0; k < group.length; k++) if (group[k] === from) group[k] = to;
    }
  return [...new Set(group)].map((g) => places.filter((_, i) => group[i] === g));
}
