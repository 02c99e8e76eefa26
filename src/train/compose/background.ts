import sharp from 'sharp';
import { drawAlone } from '../../core/drawing.js';
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
export async function cover(rng: Rng, picture: Picture, width: number, height: number): Promise<Picture> {
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
  const scene = sharp(Buffer.from(randomScene(rng, width, height)))
    .resize(width, height, { fit: 'fill' })
    .flatten({ background: '#000' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw();
  const data = await drawAlone(() => scene.toBuffer());
  const picture = { width, height, data };
  if (rng.chance(0.5)) await texture(rng, picture);
  return picture;
}

/**
 * Value noise over a picture: foliage, water, crowds as far as a small mark is concerned. A few octaves are drawn on
 * one small grid, which is enlarged.
 */
async function texture(rng: Rng, { width, height, data }: Picture): Promise<void> {
  const channels = rng.chance(0.3) ? 3 : 1;
  const strength = rng.uniform(10, 90) / 127;
  const cell = rng.pick([2, 3, 5, 8, 16, 32]);
  const [w, h] = [Math.ceil(width / cell), Math.ceil(height / cell)];
  const noise = new Uint8Array(w * h * channels);
  const coarse = Uint8Array.from({ length: ((w >> 2) + 1) * ((h >> 2) + 1) }, () => rng.below(256));
  for (let i = 0; i < noise.length; i++) {
    const [x, y] = [Math.floor(i / channels) % w, Math.floor(i / channels / w)];
    noise[i] = (rng.below(256) + coarse[(y >> 2) * ((w >> 2) + 1) + (x >> 2)]!) >> 1;
  }
  const large = await sharp(noise, { raw: { width: w, height: h, channels } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
  for (let i = 0; i < data.length; i++) {
    const n = large[channels === 1 ? Math.floor(i / 3) : i]! - 128;
    data[i] = Math.min(255, Math.max(0, data[i]! + n * strength));
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
