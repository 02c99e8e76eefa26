import sharp from 'sharp';
import { jitterColours } from '../../src/train/compose/degrade.js';
import type { Picture } from '../../src/train/compose/raster.js';
import { Rng } from '../../src/train/rng.js';

/** The side that ImageNet classifiers are used at, pixels. */
export const SIDE_PX = 224;
/** Crops of a training picture: the whole of it, and jittered ones. */
export const CROPS = 4;
const AREA_MIN = 0.6;
const ASPECT_MAX = 4 / 3;

/**
 * A region of a picture squashed to 224x224, as a tutorial's data loader does it by default; the whole by default.
 * rgb24.
 */
export async function squashed(
  picture: Picture,
  region?: { left: number; top: number; width: number; height: number },
): Promise<Picture> {
  const { width, height, data } = picture;
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const cut = region ? image.extract(region) : image;
  const pixels = await cut.resize(SIDE_PX, SIDE_PX, { fit: 'fill' }).raw().toBuffer();
  return { width: SIDE_PX, height: SIDE_PX, data: pixels };
}

/** The whole picture, then CROPS - 1 crops of 60 to 100 % of its area with other colours. */
export async function trainingCrops(picture: Picture, seed: number): Promise<Picture[]> {
  const rng = new Rng(seed, 0xc407);
  const crops = [await squashed(picture)];
  while (crops.length < CROPS) {
    const crop = await squashed(picture, region(rng, picture.width, picture.height));
    jitterColours(rng, crop);
    crops.push(crop);
  }
  return crops;
}

export function region(
  rng: Rng,
  width: number,
  height: number,
): { left: number; top: number; width: number; height: number } {
  const area = rng.uniform(AREA_MIN, 1);
  const aspect = rng.logUniform(1 / ASPECT_MAX, ASPECT_MAX);
  const side = (full: number, k: number): number =>
    Math.max(1, Math.min(full, Math.round(full * Math.sqrt(area * k))));
  const [w, h] = [side(width, aspect), side(height, 1 / aspect)];
  return { left: rng.below(width - w + 1), top: rng.below(height - h + 1), width: w, height: h };
}
