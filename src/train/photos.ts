import sharp from 'sharp';
import type { ContentRect } from '../core/frame.js';
import type { Box } from '../core/geometry.js';
import { decodeImage, fit, type Size } from '../infer/image.js';
import type { Base } from './base.js';
import { FRAME_SHAPES } from './compose/composer.js';
import type { DatasetImage } from './datasets/dataset.js';
import { jitter } from './places.js';
import { Rng } from './rng.js';
import type { FrameSamples, SampleStore } from './samples.js';

/** Each photo is seen as it is, recoloured, and twice as a small picture that was enlarged. */
const VERSIONS = [
  { scale: 1, changed: false },
  { scale: 1, changed: true },
  { scale: 0.5, changed: true },
  { scale: 0.25, changed: true },
] as const;
const SIDE_MIN = 32;
/** Crops of a box in each version: one at it, the others by this much beside it. */
const CROPS = 3;
const JITTER = 0.15;

export interface PhotoOptions {
  readonly base: Base;
  readonly store: SampleStore;
  /** The order of the labels. */
  readonly brands: readonly string[];
  readonly photos: readonly DatasetImage[];
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onPhoto?: ((done: number) => void) | undefined;
}

/**
 * Stores crops of the logos as they were photographed, in their own surroundings, going on where an earlier run stopped.
 * Composed frames teach small and odd logos; what a brand is usually printed on is seen only here.
 */
export async function extractPhotos(options: PhotoOptions): Promise<void> {
  const { base, store, brands, photos, seed, signal, onPhoto } = options;
  const make = (i: number): Promise<FrameSamples> =>
    photoSamples(base, photos[i]!, brands, new Rng(seed, i, 4));
  await store.fill(photos.length, make, { signal, onDone: onPhoto });
}

async function photoSamples(
  base: Base,
  photo: DatasetImage,
  brands: readonly string[],
  rng: Rng,
): Promise<FrameSamples> {
  const labels = photo.boxes.flatMap(({ label }) => Array<number>(CROPS).fill(brands.indexOf(label)));
  const parts: Float32Array[] = [];
  for (const { scale, changed } of VERSIONS) {
    const { image } = await decodeImage(await version(photo, scale, changed, rng), FRAME_SHAPES);
    const { content } = image;
    const boxes = photo.boxes.flatMap((labelled) => {
      const box = boxInContent(labelled.box, photo, content);
      return Array.from({ length: CROPS }, (_, n) => (n === 0 ? box : jitter(rng, box, JITTER, JITTER / 2)));
    });
    parts.push(await base.crops(image, boxes));
  }
  const data = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return {
    brands: [...new Set(labels)],
    unclear: false,
    cells: { data: new Float32Array(0), labels: new Int16Array(0) },
    crops: { data, labels: Int16Array.from(VERSIONS.flatMap(() => labels)) },
  };
}

/** A box of a picture of that size where the picture lies in `content`. */
export function boxInContent([x, y, w, h]: Box, size: Size, content: ContentRect): Box {
  const [sx, sy] = [content.width / size.width, content.height / size.height];
  return [content.x + x * sx, content.y + y * sy, w * sx, h * sy];
}

/** The photo as another camera and coder might have left it. */
async function version(
  { file, width, height }: DatasetImage,
  scale: number,
  changed: boolean,
  rng: Rng,
): Promise<Buffer> {
  const least = Math.max(scale, Math.min(1, SIDE_MIN / Math.min(width, height)));
  const most = fit({ width, height }, { width: 1280, height: 1280 });
  const side = (picture: number, room: number): number =>
    Math.max(1, Math.round(Math.min(picture, room) * least));
  const image = sharp(file, { failOn: 'error' })
    .autoOrient()
    .flatten({ background: 'white' })
    .resize(side(width, most.width), side(height, most.height), { fit: 'fill' });
  if (!changed) return image.png({ compressionLevel: 1 }).toBuffer();
  return image
    .modulate({
      brightness: rng.uniform(0.75, 1.25),
      saturation: rng.uniform(0.6, 1.2),
      hue: Math.round(rng.uniform(-8, 8)),
    })
    .jpeg({ quality: Math.round(rng.uniform(25, 85)) })
    .toBuffer();
}
