import type { ContentRect } from '../../core/frame.js';
import type { Box } from '../../core/geometry.js';
import { CROP_PX } from '../network.js';

/** What is seen around a box: a logo's surroundings tell a word from a piece of a word. */
export const CROP_MARGIN = 1.25;
/** A box longer than this many times its height is widened, so that a crop never distorts more. */
export const ASPECT_MAX = 2.5;

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
  const across = rowReader(source, columns, size.width, samples);
  const length = size.width * 3;
  const sum = new Float64Array(length);
  const share = 1 / (samples * samples);
  for (let y = 0; y < size.height; y++) {
    sum.fill(0);
    for (let j = y * samples; j < (y + 1) * samples; j++) {
      const top = across(rows.low[j]!);
      const bottom = across(rows.high[j]!);
      const v = rows.share[j]!;
      for (let k = 0; k < length; k++) sum[k]! += top[k]! + (bottom[k]! - top[k]!) * v;
    }
    for (let k = 0, at = y * length; k < length; k++, at++) out[at] = sum[k]! * share + 0.5;
  }
}

/**
 * Reads a row of the picture, sampled along it and summed to the pixels of the result. Bilinear weights are a product, so a
 * row is read once for all that lies beside it; two are kept, one of each parity, since rows are asked for in order.
 */
function rowReader(
  { data, width }: CropSource,
  columns: Axis,
  pixels: number,
  samples: number,
): (row: number) => Float64Array {
  const kept = [new Float64Array(pixels * 3), new Float64Array(pixels * 3)] as const;
  const held = [-1, -1];
  return (row) => {
    const out = kept[row & 1]!;
    if (held[row & 1] === row) return out;
    held[row & 1] = row;
    const start = row * width;
    for (let x = 0, at = 0, i = 0; x < pixels; x++, at += 3) {
      let r = 0;
      let g = 0;
      let b = 0;
      for (const end = i + samples; i < end; i++) {
        const left = (start + columns.low[i]!) * 3;
        const right = (start + columns.high[i]!) * 3;
        const u = columns.share[i]!;
        r += data[left]! + (data[right]! - data[left]!) * u;
        g += data[left + 1]! + (data[right + 1]! - data[left + 1]!) * u;
        b += data[left + 2]! + (data[right + 2]! - data[left + 2]!) * u;
      }
      out[at] = r;
      out[at + 1] = g;
      out[at + 2] = b;
    }
    return out;
  };
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
