import type { Box } from '../../core/geometry.js';

/** rgb24: width * height * 3 bytes, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A logo to be pasted: rgba, not premultiplied; halved copies follow for small sizes. */
export interface Stamp {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly half: Stamp | undefined;
  /** All of one colour, so that its shape alone is the mark and any colour will do. */
  readonly singleColour: boolean;
}

const SIDE_MIN_PX = 8;

/** A stamp with its pyramid: each level is half the size, averaged with alpha as the weight. */
export function makeStamp(width: number, height: number, data: Uint8Array, singleColour = false): Stamp {
  if (width < 2 * SIDE_MIN_PX || height < 2 * SIDE_MIN_PX)
    return { width, height, data, half: undefined, singleColour };
  const w = width >> 1;
  const h = height >> 1;
  const out = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let a = 0;
      for (let k = 0; k < 4; k++) {
        const i = ((2 * y + (k >> 1)) * width + 2 * x + (k & 1)) * 4;
        const alpha = data[i + 3]!;
        r += data[i]! * alpha;
        g += data[i + 1]! * alpha;
        b += data[i + 2]! * alpha;
        a += alpha;
      }
      const o = (y * w + x) * 4;
      if (a > 0) {
        out[o] = r / a;
        out[o + 1] = g / a;
        out[o + 2] = b / a;
      }
      out[o + 3] = a / 4;
    }
  }
  return { width, height, data, half: makeStamp(w, h, out), singleColour };
}

/** A rectangle of a picture as an opaque stamp. */
export function cropStamp(picture: Picture, box: Box): Stamp {
  const x0 = Math.max(0, Math.floor(box[0]));
  const y0 = Math.max(0, Math.floor(box[1]));
  const w = Math.max(2, Math.min(picture.width, Math.ceil(box[0] + box[2])) - x0);
  const h = Math.max(2, Math.min(picture.height, Math.ceil(box[1] + box[3])) - y0);
  const data = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y++) {
    const row = Math.min(picture.height - 1, y0 + y) * picture.width;
    for (let x = 0; x < w; x++) {
      const i = (row + Math.min(picture.width - 1, x0 + x)) * 3;
      const o = (y * w + x) * 4;
      data[o] = picture.data[i]!;
      data[o + 1] = picture.data[i + 1]!;
      data[o + 2] = picture.data[i + 2]!;
      data[o + 3] = 255;
    }
  }
  return makeStamp(w, h, data);
}

/** Transparent margins cut away, so that a stamp's rectangle is its logo's box. Undefined when nothing is visible. */
export function trimStamp(width: number, height: number, data: Uint8Array): Stamp | undefined {
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[(y * width + x) * 4 + 3]! < 40) continue;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
  }
  if (x1 < x0) return undefined;
  const w = x1 - x0 + 1;
  const h = y1 - y0 + 1;
  const out = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y++)
    out.set(data.subarray(((y0 + y) * width + x0) * 4, ((y0 + y) * width + x1 + 1) * 4), y * w * 4);
  return makeStamp(w, h, out, isSingleColour(out));
}

/** Mean absolute deviation up to which opaque pixels count as one colour, 0..255: antialiasing and JPEG leave some. */
const COLOUR_SPREAD_MAX = 10;

function isSingleColour(data: Uint8Array): boolean {
  const sum = [0, 0, 0];
  let count = 0;
  const opaque = (i: number): boolean => data[i + 3]! > 200;
  for (let i = 0; i < data.length; i += 4) {
    if (!opaque(i)) continue;
    count++;
    for (let c = 0; c < 3; c++) sum[c] = sum[c]! + data[i + c]!;
  }
  let spread = 0;
  for (let i = 0; i < data.length; i += 4)
    if (opaque(i)) for (let c = 0; c < 3; c++) spread += Math.abs(data[i + c]! - sum[c]! / count);
  return spread / (3 * Math.max(1, count)) <= COLOUR_SPREAD_MAX;
}

/** Copies a picture into another at (x, y), cut to it. */
export function overlay(target: Picture, source: Picture, x: number, y: number): void {
  const x0 = Math.max(0, x);
  const x1 = Math.min(target.width, x + source.width);
  if (x1 <= x0) return;
  for (let row = Math.max(0, y); row < Math.min(target.height, y + source.height); row++) {
    const from = ((row - y) * source.width + (x0 - x)) * 3;
    target.data.set(source.data.subarray(from, from + (x1 - x0) * 3), (row * target.width + x0) * 3);
  }
}
