import type { Box } from '../../core/geometry.js';
import { type Homography, invertHomography } from '../../core/homography.js';
import type { Rng } from '../rng.js';
import type { Picture, Stamp } from './raster.js';

type Point = readonly [x: number, y: number];

/** Corners of a flat sign of the given size, turned in space and seen by a camera; centred on (0, 0), pixels. */
export function signCorners(rng: Rng, width: number, height: number, tiltMaxRad: number): Point[] {
  const flat = rng.chance(0.4);
  const yaw = flat ? 0 : rng.uniform(-tiltMaxRad, tiltMaxRad);
  const pitch = flat ? 0 : rng.uniform(-tiltMaxRad, tiltMaxRad) * 0.7;
  const roll = rng.chance(0.5) ? 0 : rng.normal() * 0.15;
  const distance = rng.uniform(1.5, 6) * Math.max(width, height);
  const corners: Point[] = [];
  for (const [u, v] of [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ] as const) {
    const x = u * width * Math.cos(yaw);
    const y = v * height * Math.cos(pitch);
    const z = u * width * Math.sin(yaw) + v * height * Math.sin(pitch);
    const k = distance / (distance + z);
    corners.push([
      k * (x * Math.cos(roll) - y * Math.sin(roll)),
      k * (x * Math.sin(roll) + y * Math.cos(roll)),
    ]);
  }
  return corners;
}

export function pointBox(points: readonly Point[]): Box {
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return [x, y, Math.max(...xs) - x, Math.max(...ys) - y];
}

/** The map from a quadrilateral (clockwise from top left) to the unit square (Heckbert 1989, inverted). */
export function quadToSquare(q: readonly Point[]): Homography {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = q as [Point, Point, Point, Point];
  const [dx1, dy1] = [x1 - x2, y1 - y2];
  const [dx2, dy2] = [x3 - x2, y3 - y2];
  const [sx, sy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const det = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / det;
  const h = (dx1 * sy - sx * dy1) / det;
  return invertHomography([
    x1 - x0 + g * x1,
    x3 - x0 + h * x3,
    x0,
    y1 - y0 + g * y1,
    y3 - y0 + h * y3,
    y0,
    g,
    h,
    1,
  ]);
}

export interface PasteOptions {
  readonly opacity: number;
  /** Width of the soft border, pixels; 0 for a hard edge. */
  readonly feather: number;
  /** Replaces the stamp's colours, keeping its alpha. */
  readonly tint: readonly [number, number, number] | undefined;
  readonly grey: boolean;
  readonly invert: boolean;
}

export interface Pasted {
  /** Bounds of what is visible inside of the picture; undefined when nothing is. */
  readonly box: Box | undefined;
  /** Pixels under the stamp, inside and outside of the picture. */
  readonly visibleShare: number;
  /** Mean absolute change of the pixels under the stamp, 0..255: how much it stands out. */
  readonly change: number;
}

/** Draws a stamp into a quadrilateral of a picture, bilinear, on the pyramid level next above the size. */
export function paste(target: Picture, stamp: Stamp, quad: readonly Point[], options: PasteOptions): Pasted {
  const bounds = pointBox(quad);
  let level = stamp;
  while (level.half && level.half.width >= bounds[2] && level.half.height >= bounds[3]) level = level.half;
  const map = quadToSquare(quad);
  const { width, height } = level;
  let [left, top, right, bottom, count, outside, change] = [1e9, 1e9, -1, -1, 0, 0, 0];
  const colour = new Float64Array(4);
  const scale = Math.min(bounds[2], bounds[3]);
  for (let y = Math.floor(bounds[1]); y <= Math.ceil(bounds[1] + bounds[3]); y++) {
    for (let x = Math.floor(bounds[0]); x <= Math.ceil(bounds[0] + bounds[2]); x++) {
      const [px, py] = [x + 0.5, y + 0.5];
      const w = map[6]! * px + map[7]! * py + map[8]!;
      const u = (map[0]! * px + map[1]! * py + map[2]!) / w;
      const v = (map[3]! * px + map[4]! * py + map[5]!) / w;
      if (u < 0 || v < 0 || u > 1 || v > 1) continue;
      sample(level, u * width - 0.5, v * height - 0.5, colour);
      let alpha = (colour[3]! / 255) * options.opacity;
      if (options.feather > 0)
        alpha *= Math.min(1, (Math.min(u, v, 1 - u, 1 - v) * scale + 0.25) / options.feather);
      if (alpha < 0.02) continue;
      const visible = colour[3]! > 64;
      if (x < 0 || y < 0 || x >= target.width || y >= target.height) {
        if (visible) outside++;
        continue;
      }
      change += blend(target.data, (y * target.width + x) * 3, colour, alpha, options) * (visible ? 1 : 0);
      if (!visible) continue;
      count++;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  if (count === 0) return { box: undefined, visibleShare: 0, change: 0 };
  const box: Box = [left, top, right - left + 1, bottom - top + 1];
  return { box, visibleShare: count / (count + outside), change: change / count };
}

function sample(stamp: Stamp, x: number, y: number, out: Float64Array): void {
  const { width, height, data } = stamp;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const [fx, fy] = [x - x0, y - y0];
  let [r, g, b, a] = [0, 0, 0, 0];
  for (let k = 0; k < 4; k++) {
    const xi = Math.min(width - 1, Math.max(0, x0 + (k & 1)));
    const yi = Math.min(height - 1, Math.max(0, y0 + (k >> 1)));
    const i = (yi * width + xi) * 4;
    const weight = (k & 1 ? fx : 1 - fx) * (k >> 1 ? fy : 1 - fy) * data[i + 3]!;
    r += data[i]! * weight;
    g += data[i + 1]! * weight;
    b += data[i + 2]! * weight;
    a += weight;
  }
  const k = a > 0 ? 1 / a : 0;
  out[0] = r * k;
  out[1] = g * k;
  out[2] = b * k;
  out[3] = a;
}

function blend(
  data: Uint8Array,
  at: number,
  colour: Float64Array,
  alpha: number,
  options: PasteOptions,
): number {
  let change = 0;
  const luma = 0.299 * colour[0]! + 0.587 * colour[1]! + 0.114 * colour[2]!;
  for (let c = 0; c < 3; c++) {
    let value = options.grey ? luma : colour[c]!;
    if (options.invert) value = 255 - value;
    if (options.tint) value = options.tint[c]!;
    const before = data[at + c]!;
    const after = before + (value - before) * alpha;
    data[at + c] = Math.round(after);
    change += Math.abs(after - before);
  }
  return change / 3;
}
