import type { Box } from '../../core/geometry.js';
import type { DatasetImage } from '../datasets/dataset.js';
import type { Rng } from '../rng.js';
import { background, scaled } from './background.js';
import type { PictureCache } from './cache.js';
import { overlay, type Picture } from './raster.js';
import type { Sources } from './sources.js';
import type { Target } from './target.js';

/** Logos are enlarged at most this much: beyond it only blur is learned. */
const ENLARGE_MAX = 3;
const VISIBLE_MIN = 0.45;
const SIDE_MIN_PX = 12;

/**
 * A frame that holds a whole photo: alone on grey as `detect` lays it, or scaled so that its logo has a wanted
 * width, over a background. Undefined when this frame is to be composed otherwise.
 */
export async function placePhoto(
  rng: Rng,
  sources: Sources,
  cache: PictureCache,
  width: number,
  height: number,
  withTarget: boolean,
  targets: Target[],
): Promise<Picture | undefined> {
  if (withTarget) {
    const photos = rng.pick(sources.photosByBrand);
    if (photos.length === 0 || rng.chance(0.45)) return undefined;
    return layPhoto(rng, sources, cache, width, height, rng.pick(photos), rng.chance(0.45), targets);
  }
  const kind = rng.next();
  if (sources.distractors.length > 0 && kind < 0.25)
    return layPhoto(rng, sources, cache, width, height, rng.pick(sources.distractors), rng.chance(0.5), []);
  if (sources.scenes.length > 0 && kind < 0.5) {
    const file = rng.pick(sources.scenes);
    const { width: w, height: h, scale } = await cache.picture(file);
    const image = { file, width: w / scale, height: h / scale, boxes: [], weak: false };
    return layPhoto(rng, sources, cache, width, height, image, rng.chance(0.25), []);
  }
  return undefined;
}

async function layPhoto(
  rng: Rng,
  sources: Sources,
  cache: PictureCache,
  width: number,
  height: number,
  image: DatasetImage,
  small: boolean,
  targets: Target[],
): Promise<Picture> {
  const picture = await cache.picture(image.file);
  const main =
    image.boxes.length > 0 ? rng.pick(image.boxes).box : ([0, 0, image.width, image.height] as Box);
  const fit = Math.min(width / image.width, height / image.height);
  let k = fit * (rng.chance(0.5) ? 1 : rng.uniform(0.6, 1.5));
  if (small) k = Math.min(ENLARGE_MAX, rng.logUniform(18, 200) / Math.max(main[2], main[3]));
  const [w, h] = [Math.max(2, Math.round(image.width * k)), Math.max(2, Math.round(image.height * k))];
  const exact = !small && k === fit;
  const x = exact ? Math.round((width - w) / 2) : offset(rng, width, w, main[0] * k, main[2] * k);
  const y = exact ? Math.round((height - h) / 2) : offset(rng, height, h, main[1] * k, main[3] * k);
  const plain = !small && rng.chance(0.7);
  const frame = plain
    ? {
        width,
        height,
        data: new Uint8Array(width * height * 3).fill(rng.pick([127, 127, 127, 0, rng.below(256)])),
      }
    : await background(rng, sources, cache, width, height);
  overlay(frame, await cut(picture, w, h, x, y, width, height), Math.max(0, x), Math.max(0, y));
  for (const { label, box } of image.boxes) {
    const placed: Box = [x + box[0] * k, y + box[1] * k, box[2] * k, box[3] * k];
    const brand = sources.brands.indexOf(label);
    if (brand >= 0) addTarget(targets, brand, placed, width, height);
  }
  return frame;
}

/** Where the photo begins, so that its main box [at, at + size) stays inside of the frame where it can. */
export function offset(rng: Rng, frame: number, photo: number, at: number, size: number): number {
  const free = rng.uniform(Math.min(0, frame - photo), Math.max(0, frame - photo));
  const [low, high] = [-at, frame - at - size];
  return Math.round(low <= high ? Math.min(high, Math.max(low, free)) : (low + high) / 2);
}

/** Scales only the part of the photo that the frame shows. */
export async function cut(
  picture: Picture,
  w: number,
  h: number,
  x: number,
  y: number,
  width: number,
  height: number,
): Promise<Picture> {
  const [x0, y0] = [Math.max(0, x), Math.max(0, y)];
  const [x1, y1] = [Math.min(width, x + w), Math.min(height, y + h)];
  const [kx, ky] = [picture.width / w, picture.height / h];
  return scaled(
    picture,
    [(x0 - x) * kx, (y0 - y) * ky, (x1 - x0) * kx, (y1 - y0) * ky],
    Math.max(1, x1 - x0),
    Math.max(1, y1 - y0),
  );
}

/** Cuts a box to the frame; what is hardly visible is to be ignored, what is outside is left out. */
export function addTarget(
  targets: Target[],
  brand: number,
  placed: Box,
  width: number,
  height: number,
): void {
  const [x0, y0] = [Math.max(0, placed[0]), Math.max(0, placed[1])];
  const box: Box = [
    x0,
    y0,
    Math.min(width, placed[0] + placed[2]) - x0,
    Math.min(height, placed[1] + placed[3]) - y0,
  ];
  if (box[2] < 2 || box[3] < 2) return;
  const visible = (box[2] * box[3]) / (placed[2] * placed[3]);
  const ignore = visible < VISIBLE_MIN || Math.max(box[2], box[3]) < SIDE_MIN_PX;
  targets.push({ brand, box, ignore });
}
