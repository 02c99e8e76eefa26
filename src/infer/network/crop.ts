import type { ContentRect } from '../../core/frame.js';
import type { Box } from '../../core/geometry.js';
import { CROP_PX } from '../network.js';

/** What is seen around a box: a logo's surroundings tell a word from a piece of a word. */
export const CROP_MARGIN = 1.25;
/** A box longer than this many times its height is widened, so that a crop never distorts more. */
const ASPECT_MAX = 2.5;

/** The region [x, y, width, height] that the second look at a box sees, pixels; it may reach beyond the picture. */
export function cropRegion([x, y, width, height]: Box): Box {
  const [w, h] = [width * CROP_MARGIN, height * CROP_MARGIN];
  const [wide, high] = [Math.max(w, h / ASPECT_MAX), Math.max(h, w / ASPECT_MAX)];
  return [x + width / 2 - wide / 2, y + height / 2 - high / 2, wide, high];
}

export interface CropSource {
  readonly width: number;
  readonly height: number;
  /** What lies outside is taken from its edge. */
  readonly content: ContentRect;
  /** rgb24 */
  readonly data: Uint8Array;
}

/** Scales a region to CROP_PX x CROP_PX into `out`, rgb24. */
export function sampleCrop(source: CropSource, region: Box, out: Uint8Array): void {
  sampleRegion(source, region, { width: CROP_PX, height: CROP_PX }, out);
}

/**
 * Scales a region to a size into `out`, rgb24, bilinear; where it is reduced, each pixel averages as many samples as
 * it covers, so that nothing aliases.
 */
export function sampleRegion(
  source: CropSource,
  region: Box,
  size: { readonly width: number; readonly height: number },
  out: Uint8Array,
): void {
  const [x0, y0, w, h] = region;
  const [sx, sy] = [w / size.width, h / size.height];
  const samples = Math.max(1, Math.round(Math.max(sx, sy)));
  const columns = axis(x0, sx, size.width, samples, source.content.x, source.content.width);
  const rows = axis(y0, sy, size.height, samples, source.content.y, source.content.height);
  const { data, width } = source;
  const share = 1 / (samples * samples);
  for (let y = 0, at = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, at += 3) {
      let [r, g, b] = [0, 0, 0];
      for (let j = y * samples; j < (y + 1) * samples; j++) {
        const [top, bottom, v] = [rows.low[j]! * width, rows.high[j]! * width, rows.share[j]!];
        for (let i = x * samples; i < (x + 1) * samples; i++) {
          const [left, right, u] = [columns.low[i]!, columns.high[i]!, columns.share[i]!];
          const [a00, a01] = [(top + left) * 3, (top + right) * 3];
          const [a10, a11] = [(bottom + left) * 3, (bottom + right) * 3];
          const [w00, w01, w10, w11] = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
          r += data[a00]! * w00 + data[a01]! * w01 + data[a10]! * w10 + data[a11]! * w11;
          g += data[a00 + 1]! * w00 + data[a01 + 1]! * w01 + data[a10 + 1]! * w10 + data[a11 + 1]! * w11;
          b += data[a00 + 2]! * w00 + data[a01 + 2]! * w01 + data[a10 + 2]! * w10 + data[a11 + 2]! * w11;
        }
      }
      out[at] = r * share + 0.5;
      out[at + 1] = g * share + 0.5;
      out[at + 2] = b * share + 0.5;
    }
  }
}

interface Axis {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float32Array;
}

/** For every sample along one axis its two pixels and the share of the second; centres of pixels lie at halves. */
function axis(
  start: number,
  step: number,
  pixels: number,
  samples: number,
  first: number,
  length: number,
): Axis {
  const count = pixels * samples;
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  const share = new Float32Array(count);
  const last = first + length - 1;
  for (let i = 0; i < count; i++) {
    const position = Math.min(last, Math.max(first, start + ((i + 0.5) * step) / samples - 0.5));
    low[i] = Math.floor(position);
    high[i] = Math.min(last, low[i]! + 1);
    share[i] = position - low[i]!;
  }
  return { low, high, share };
}
