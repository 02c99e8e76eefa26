import sharp from 'sharp';
import type { Rng } from '../rng.js';
import type { Picture } from './raster.js';

/** Brightness, contrast, saturation and gamma of the whole frame, in place. */
export function jitterColours(rng: Rng, { data }: Picture): void {
  const gain = [0, 1, 2].map(() => rng.uniform(0.92, 1.08));
  const contrast = rng.uniform(0.7, 1.25);
  const shift = rng.uniform(-25, 25);
  const saturation = rng.chance(0.06) ? 0 : rng.uniform(0.6, 1.3);
  const gamma = rng.uniform(0.8, 1.25);
  const curve = new Float32Array(256);
  for (let i = 0; i < 256; i++) {
    const v = 255 * (i / 255) ** gamma;
    curve[i] = (v - 128) * contrast + 128 + shift;
  }
  const clamp = (v: number): number => Math.min(255, Math.max(0, v));
  for (let i = 0; i < data.length; i += 3) {
    const r = curve[data[i]!]! * gain[0]!;
    const g = curve[data[i + 1]!]! * gain[1]!;
    const b = curve[data[i + 2]!]! * gain[2]!;
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    data[i] = clamp(luma + (r - luma) * saturation);
    data[i + 1] = clamp(luma + (g - luma) * saturation);
    data[i + 2] = clamp(luma + (b - luma) * saturation);
  }
}

function addNoise(rng: Rng, { data }: Picture, deviation: number): void {
  // A table of normal values read at a random stride: a draw a byte would cost more than all the rest.
  const table = Int16Array.from({ length: 4093 }, () => Math.round(rng.normal() * deviation));
  let at = rng.below(table.length);
  const step = 1 + rng.below(table.length - 1);
  for (let i = 0; i < data.length; i++) {
    at += step;
    if (at >= table.length) at -= table.length;
    const v = data[i]! + table[at]!;
    data[i] = Math.min(255, Math.max(0, v));
  }
}

/** Moves each row's average along a line: the blur of a pan, `length` pixels wide. */
function panBlur({ width, height, data }: Picture, length: number): void {
  const row = new Float32Array((width + 1) * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) row[(x + 1) * 3 + c] = row[x * 3 + c]! + data[(y * width + x) * 3 + c]!;
    for (let x = 0; x < width; x++) {
      const from = Math.max(0, x - (length >> 1));
      const to = Math.min(width, x + (length >> 1) + 1);
      for (let c = 0; c < 3; c++)
        data[(y * width + x) * 3 + c] = (row[to * 3 + c]! - row[from * 3 + c]!) / (to - from);
    }
  }
}

/** What a camera, a scaler and a codec do to a frame. Returns a new picture of the same size. */
export async function degrade(rng: Rng, picture: Picture): Promise<Picture> {
  const { width, height } = picture;
  if (rng.chance(0.8)) jitterColours(rng, picture);
  if (rng.chance(0.08)) panBlur(picture, 3 + rng.below(9));
  const raw = { width, height, channels: 3 as const };
  let image = sharp(picture.data, { raw });
  const kind = rng.next();
  if (kind < 0.1) image = image.blur(rng.uniform(0.4, 1.8));
  else if (kind < 0.35) {
    const k = rng.uniform(0.4, 0.9);
    const small = await image
      .resize(Math.round(width * k), Math.round(height * k), { fit: 'fill' })
      .raw()
      .toBuffer();
    const smallRaw = { width: Math.round(width * k), height: Math.round(height * k), channels: 3 as const };
    image = sharp(small, { raw: smallRaw }).resize(width, height, {
      fit: 'fill',
      kernel: rng.pick(['linear', 'cubic', 'lanczos3'] as const),
    });
  }
  let result: Picture = { width, height, data: picture.data };
  const noise = rng.chance(0.2) ? rng.uniform(1, 8) : 0;
  if (kind < 0.35) result = { width, height, data: await image.removeAlpha().raw().toBuffer() };
  if (noise > 0) addNoise(rng, result, noise);
  if (!rng.chance(0.85)) return result;
  const jpeg = await sharp(result.data, { raw })
    .jpeg({
      quality: Math.round(rng.uniform(20, 92)),
      chromaSubsampling: rng.chance(0.8) ? '4:2:0' : '4:4:4',
    })
    .toBuffer();
  return { width, height, data: await sharp(jpeg).removeAlpha().raw().toBuffer() };
}
