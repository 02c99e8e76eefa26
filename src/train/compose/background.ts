import sharp from 'sharp';
import type { Box } from '../../core/geometry.js';
import type { DatasetImage } from '../datasets/dataset.js';
import type { Rng } from '../rng.js';
import { randomScene } from './art.js';
import type { PictureCache } from './cache.js';
import type { Picture } from './raster.js';
import type { Sources } from './sources.js';

/** A region of a picture scaled to a size. */
export async function scaled(picture: Picture, region: Box, width: number, height: number): Promise<Picture> {
  const left = Math.max(0, Math.min(picture.width - 1, Math.round(region[0])));
  const top = Math.max(0, Math.min(picture.height - 1, Math.round(region[1])));
  const data = await sharp(picture.data, {
    raw: { width: picture.width, height: picture.height, channels: 3 },
  })
    .extract({
      left,
      top,
      width: Math.max(1, Math.min(picture.width - left, Math.round(region[2]))),
      height: Math.max(1, Math.min(picture.height - top, Math.round(region[3]))),
    })
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer();
  return { width, height, data };
}

/** A random part of a picture, with the frame's shape, that covers the frame. */
async function cover(rng: Rng, picture: Picture, width: number, height: number): Promise<Picture> {
  const k = Math.min(picture.width / width, picture.height / height) / rng.uniform(1, 1.6);
  const [w, h] = [width * k, height * k];
  return scaled(
    picture,
    [rng.uniform(0, picture.width - w), rng.uniform(0, picture.height - h), w, h],
    width,
    height,
  );
}

/** The largest of a few random regions that touch no box, or undefined. */
function regionOutside(rng: Rng, image: DatasetImage, aspect: number): Box | undefined {
  let best: Box | undefined;
  for (let i = 0; i < 20; i++) {
    const w = image.width * rng.uniform(0.25, 1);
    const h = w / aspect;
    if (h > image.height) continue;
    const [x, y] = [rng.uniform(0, image.width - w), rng.uniform(0, image.height - h)];
    const free = image.boxes.every(
      ({ box: b }) => b[0] >= x + w || b[1] >= y + h || b[0] + b[2] <= x || b[1] + b[3] <= y,
    );
    if (free && w > (best?.[2] ?? 60)) best = [x, y, w, h];
  }
  return best;
}

export async function proceduralScene(rng: Rng, width: number, height: number): Promise<Picture> {
  const data = await sharp(Buffer.from(randomScene(rng, width, height)))
    .resize(width, height, { fit: 'fill' })
    .flatten({ background: '#000' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
  const picture = { width, height, data };
  if (rng.chance(0.5)) texture(rng, picture);
  return picture;
}

/** Value noise of a few octaves over a picture: foliage, water, crowds as far as a small mark is concerned. */
function texture(rng: Rng, { width, height, data }: Picture): void {
  const strength = rng.uniform(10, 90);
  const coloured = rng.chance(0.3);
  for (
    let cell = rng.pick([4, 8, 16, 32, 64]), amplitude = strength;
    cell >= 2 && amplitude > 4;
    cell >>= 1, amplitude *= 0.6
  ) {
    const columns = Math.ceil(width / cell) + 2;
    const grid = Float32Array.from(
      { length: columns * (Math.ceil(height / cell) + 2) * 3 },
      () => (rng.next() - 0.5) * 2 * amplitude,
    );
    for (let y = 0; y < height; y++) {
      const gy = Math.floor(y / cell);
      const fy = y / cell - gy;
      for (let x = 0; x < width; x++) {
        const gx = Math.floor(x / cell);
        const fx = x / cell - gx;
        for (let c = 0; c < 3; c++) {
          const o = (gy * columns + gx) * 3 + (coloured ? c : 0);
          const top = grid[o]! + (grid[o + 3]! - grid[o]!) * fx;
          const bottom = grid[o + columns * 3]! + (grid[o + columns * 3 + 3]! - grid[o + columns * 3]!) * fx;
          const v = data[(y * width + x) * 3 + c]! + top + (bottom - top) * fy;
          data[(y * width + x) * 3 + c] = Math.min(255, Math.max(0, v));
        }
      }
    }
  }
}

/** A picture without any brand: a scene, a part of a photo outside of its boxes, or a made-up one. */
export async function background(
  rng: Rng,
  sources: Sources,
  cache: PictureCache,
  width: number,
  height: number,
): Promise<Picture> {
  const real = sources.scenes.length > 0;
  const kind = rng.next();
  if (real && kind < 0.8) return cover(rng, await cache.picture(rng.pick(sources.scenes)), width, height);
  if (sources.photos.length > 0 && kind < (real ? 0.86 : 0.5)) {
    const image = rng.pick(sources.photos);
    const region = image.weak ? undefined : regionOutside(rng, image, width / height);
    if (region) {
      const picture = await cache.picture(image.file);
      return scaled(picture, region.map((v) => v * picture.scale) as unknown as Box, width, height);
    }
  }
  return proceduralScene(rng, width, height);
}
