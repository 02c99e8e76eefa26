import type { ContentRect } from '../../core/frame.js';
import { type Box, iou } from '../../core/geometry.js';
import { type Candidate, SAME_PLACE_IOU } from './candidates.js';
import type { CropSource } from './crop.js';

/** Two pixels for five: a mark as wide as the picture is then as large as the network knows marks. */
const [FROM, TO] = [5, 2];
const SCALE = TO / FROM;
/** Three rows or columns in five halves: what a pixel of the reduced picture covers. */
const TAPS = 3;
const WEIGHTS = [
  [1, 1, 0.5],
  [0.5, 1, 1],
] as const;
const SHARE = SCALE * SCALE;
/** What is narrower and lower than this share of the content, the picture itself shows better. */
const SIDE_MIN = 0.4;

/** Sides are multiples of five, as those that frames are scaled to. */
export const isReducible = ({ width, height }: Pick<CropSource, 'width' | 'height'>): boolean =>
  width % FROM === 0 && height % FROM === 0;

/** A reducible picture at two fifths of its size, each pixel the mean of what it covers. */
export function reduced({ width, height, content, data }: CropSource): CropSource {
  const size = { width: (width / FROM) * TO, height: (height / FROM) * TO };
  const out = new Uint8Array(size.width * size.height * 3);
  const sum = new Float32Array(width * 3);
  for (let y = 0; y < size.height; y++) {
    addRows(data, firstOf(y) * sum.length, WEIGHTS[y % TO]!, sum);
    reduceRow(sum, out, y * size.width * 3, size.width);
  }
  return { ...size, content: scaled(content), data: out };
}

const firstOf = (index: number): number => Math.floor((index * FROM) / TO);

const scaled = ({ x, y, width, height }: ContentRect): ContentRect => ({
  x: x * SCALE,
  y: y * SCALE,
  width: width * SCALE,
  height: height * SCALE,
});

function addRows(data: Uint8Array, start: number, weights: readonly number[], sum: Float32Array): void {
  const { length } = sum;
  const [a, b, c] = weights as [number, number, number];
  for (let i = 0, at = start; i < length; i++, at++)
    sum[i] = a * data[at]! + b * data[at + length]! + c * data[at + 2 * length]!;
}

function reduceRow(row: Float32Array, out: Uint8Array, start: number, pixels: number): void {
  for (let x = 0, at = start; x < pixels; x++) {
    const [a, b, c] = WEIGHTS[x % TO]!;
    const from = firstOf(x) * TAPS;
    for (let k = from; k < from + 3; k++)
      out[at++] = (a * row[k]! + b * row[k + 3]! + c * row[k + 6]!) * SHARE + 0.5;
  }
}

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
    const candidate = { ...found, box };
    const same = kept.findIndex((other) => iou(other.box, box) >= SAME_PLACE_IOU);
    if (same < 0) kept.push(candidate);
    else if (likelihood(candidate) > likelihood(kept[same]!)) kept[same] = candidate;
  }
  return kept;
}

const likelihood = ({ logo, best }: Candidate): number => logo + best;
