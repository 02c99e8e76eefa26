import sharp from 'sharp';
import { drawAlone } from '../core/drawing.js';
import { type Homography, invertHomography } from '../core/homography.js';

export const WIDTH = 640;
export const HEIGHT = 360;
export const FPS = 25;

/** rgb24, row by row. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** RGBA, not premultiplied. */
export type Sprite = Raster;

export function blankFrame(): Raster {
  return { width: WIDTH, height: HEIGHT, data: new Uint8ClampedArray(WIDTH * HEIGHT * 3) };
}

export async function svgSprite(svg: string): Promise<Sprite> {
  const image = sharp(Buffer.from(svg)).ensureAlpha().raw();
  const { data, info } = await drawAlone(() => image.toBuffer({ resolveWithObject: true }));
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

export async function svgRaster(svg: string): Promise<Raster> {
  const image = sharp(Buffer.from(svg)).flatten({ background: '#000' }).removeAlpha().raw();
  const { data, info } = await drawAlone(() => image.toBuffer({ resolveWithObject: true }));
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

/** Copies one row, starting at column `x` of the source, which is repeated to the right. */
export function copyRow(from: Raster, fromY: number, x: number, to: Raster, toY: number): void {
  const row = (((fromY % from.height) + from.height) % from.height) * from.width;
  let column = ((x % from.width) + from.width) % from.width;
  for (let done = 0; done < to.width; ) {
    const count = Math.min(to.width - done, from.width - column);
    const start = (row + column) * 3;
    to.data.set(from.data.subarray(start, start + count * 3), (toY * to.width + done) * 3);
    done += count;
    column = 0;
  }
}

/** The four corners of a sprite of unit size ([0,1] x [0,1]) on the frame. */
export function cornersOf(m: Homography): (readonly [number, number])[] {
  return ([[0, 0], [1, 0], [1, 1], [0, 1]] as const).map(([x, y]) => apply(m, x, y)); // biome-ignore format: one line
}

function apply(m: Homography, x: number, y: number): readonly [number, number] {
  const w = m[6] * x + m[7] * y + m[8];
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w];
}

/** Axis-aligned: the sprite's unit square onto a box in pixels. */
export function boxMatrix(x: number, y: number, width: number, height: number): Homography {
  return [width, 0, x, 0, height, y, 0, 0, 1];
}

/** Draws a sprite through the homography `m` (unit square to pixels), bilinear, alpha times `opacity`. */
export function drawSprite(frame: Raster, sprite: Sprite, m: Homography, opacity = 1): void {
  const corners = cornersOf(m);
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const x0 = Math.max(0, Math.floor(Math.min(...xs)));
  const x1 = Math.min(frame.width - 1, Math.ceil(Math.max(...xs)));
  const y0 = Math.max(0, Math.floor(Math.min(...ys)));
  const y1 = Math.min(frame.height - 1, Math.ceil(Math.max(...ys)));
  const n = invertHomography(m);
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const px = x + 0.5;
      const py = y + 0.5;
      const w = n[6] * px + n[7] * py + n[8];
      const u = ((n[0] * px + n[1] * py + n[2]) / w) * sprite.width - 0.5;
      const v = ((n[3] * px + n[4] * py + n[5]) / w) * sprite.height - 0.5;
      if (u > -1 && v > -1 && u < sprite.width && v < sprite.height) {
        blend(frame.data, (y * frame.width + x) * 3, sprite, u, v, opacity);
      }
    }
  }
}

/** Outside the sprite is transparent, so that its edges are soft. */
function blend(to: Uint8ClampedArray, at: number, sprite: Sprite, u: number, v: number, opacity: number) {
  const { data, width, height } = sprite;
  const left = Math.floor(u);
  const top = Math.floor(v);
  const fx = u - left;
  const fy = v - top;
  const p = (top * width + left) * 4;
  const inLeft = left >= 0;
  const inRight = left + 1 < width;
  const inTop = top >= 0;
  const inBottom = top + 1 < height;
  // Weights of the four neighbours, times their alpha.
  const a = inLeft && inTop ? (1 - fx) * (1 - fy) * data[p + 3]! : 0;
  const b = inRight && inTop ? fx * (1 - fy) * data[p + 7]! : 0;
  const q = p + width * 4;
  const c = inLeft && inBottom ? (1 - fx) * fy * data[q + 3]! : 0;
  const d = inRight && inBottom ? fx * fy * data[q + 7]! : 0;
  const alpha = a + b + c + d;
  if (alpha < 1) return;
  const share = (alpha / 255) * opacity;
  for (let k = 0; k < 3; k++) {
    let sum = 0;
    if (a > 0) sum += a * data[p + k]!;
    if (b > 0) sum += b * data[p + 4 + k]!;
    if (c > 0) sum += c * data[q + k]!;
    if (d > 0) sum += d * data[q + 4 + k]!;
    to[at + k] = to[at + k]! * (1 - share) + (sum / alpha) * share;
  }
}
