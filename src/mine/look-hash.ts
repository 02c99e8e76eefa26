import type { Box } from '../core/geometry.js';

/** 64 bits as two halves: the upper four rows, the lower four. */
export type LookHash = readonly [upper: number, lower: number];

interface Rgb24 {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const COLUMNS = 9;
const ROWS = 8;
/** Samples a cell along each side. */
const SAMPLES = 4;

/**
 * Difference hash (dHash, N. Krawetz 2013) of a part of an rgb24 picture: 9 x 8 luma means, and for each pair of
 * neighbours in a row one bit that says whether it grows brighter. It forgets brightness, contrast and size.
 * @param region pixels of the picture; what reaches outside repeats the edge
 */
export function lookHash({ width, height, data }: Rgb24, region: Box): LookHash {
  const [x0, y0, w, h] = region;
  const halves: [number, number] = [0, 0];
  for (let row = 0; row < ROWS; row++) {
    let before = 0;
    for (let column = 0; column < COLUMNS; column++) {
      let luma = 0;
      for (let i = 0; i < SAMPLES ** 2; i++) {
        const sx = column * SAMPLES + (i % SAMPLES) + 0.5;
        const sy = row * SAMPLES + Math.floor(i / SAMPLES) + 0.5;
        const x = clamp(Math.floor(x0 + (w * sx) / (COLUMNS * SAMPLES)), width);
        const y = clamp(Math.floor(y0 + (h * sy) / (ROWS * SAMPLES)), height);
        const at = (y * width + x) * 3;
        // ITU-R BT.601 luma, in whole numbers so that equal colours are equal.
        luma += 299 * data[at]! + 587 * data[at + 1]! + 114 * data[at + 2]!;
      }
      if (column > 0) {
        const half = row < ROWS / 2 ? 0 : 1;
        halves[half] = (halves[half] << 1) | (luma > before ? 1 : 0);
      }
      before = luma;
    }
  }
  return [halves[0] >>> 0, halves[1] >>> 0];
}

/** Bits that differ, 0..64. */
export function lookDistance(a: LookHash, b: LookHash): number {
  return bits(a[0] ^ b[0]) + bits(a[1] ^ b[1]);
}

function bits(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}

const clamp = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
