import type { ContentRect } from '../../core/frame.js';
import { type Box, iou } from '../../core/geometry.js';
import { type Candidate, SAME_PLACE_IOU } from './candidates.js';
import type { CropSource } from './crop.js';

/** Two pixels for five: a mark as wide as the picture is then as large as the network knows marks. */
const [FROM, TO] = [5, 2];
const SCALE = TO / FROM;
/** Of the products of weights, in halves: 2, 2, 1 and 1, 2, 2 of five rows, and of five columns. */
const SHARE = 1 / 25;
/** What is narrower and lower than this share of the content, the picture itself shows better. */
const SIDE_MIN = 0.4;

/** Sides are multiples of five, as those that frames are scaled to. */
export const isReducible = ({ width, height }: Pick<CropSource, 'width' | 'height'>): boolean =>
  width % FROM === 0 && height % FROM === 0;

/** A reducible picture at two fifths of its size, each pixel the mean of what it covers. */
export function reduced({ width, height, content, data }: CropSource): CropSource {
  const size = { width: (width / FROM) * TO, height: (height / FROM) * TO };
  const out = new Uint8Array(size.width * size.height * 3);
  const row = width * 3;
  const upper = new Uint16Array(row);
  const lower = new Uint16Array(row);
  for (let from = 0, to = 0; from < data.length; from += FROM * row, to += TO * size.width * 3) {
    addRows(data, from, upper, lower);
    addColumns(upper, out, to);
    addColumns(lower, out, to + size.width * 3);
  }
  return { ...size, content: scaled(content), data: out };
}

/** Five rows into two. */
function addRows(data: Uint8Array, start: number, upper: Uint16Array, lower: Uint16Array): void {
  const row = upper.length;
  for (let i = 0, at = start; i < row; i++, at++) {
    const middle = data[at + 2 * row]!;
    upper[i] = 2 * (data[at]! + data[at + row]!) + middle;
    lower[i] = middle + 2 * (data[at + 3 * row]! + data[at + 4 * row]!);
  }
}

/** Five pixels of a row into two. */
function addColumns(row: Uint16Array, out: Uint8Array, start: number): void {
  for (let from = 0, at = start; from < row.length; from += 15, at += 6) {
    for (let c = 0; c < 3; c++) {
      const i = from + c;
      const middle = row[i + 6]!;
      out[at + c] = (2 * (row[i]! + row[i + 3]!) + middle) * SHARE + 0.5;
      out[at + 3 + c] = (middle + 2 * (row[i + 9]! + row[i + 12]!)) * SHARE + 0.5;
    }
  }
}

const scaled = ({ x, y, width, height }: ContentRect): ContentRect => ({
  x: x * SCALE,
  y: y * SCALE,
  width: width * SCALE,
  height: height * SCALE,
});

/** Adds the large places that the reduced picture shows, in pixels of the picture; of two at one place the likelier stays. */
export function withCoarse(
  fine: readonly Candidate[],
  coarse: readonly Candidate[],
  content: ContentRect,
): Candidate[] {
  const kept = [...fine];
  for (const found of coarse) {
    const box = found.box.map((side) => side / SCALE) as unknown as Box;
    if (box[2] < SIDE_MIN * content.width && box[3] < SIDE_MIN * content.height) continue;
    const candidate = { ...found, box, coarse: true };
    const same = kept.findIndex((other) => iou(other.box, box) >= SAME_PLACE_IOU);
    if (same < 0) kept.push(candidate);
    else if (likelihood(candidate) > likelihood(kept[same]!)) kept[same] = candidate;
  }
  return kept;
}

const likelihood = ({ logo, best }: Candidate): number => logo + best;
