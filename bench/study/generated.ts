import sharp from 'sharp';
import { randomMark, randomScene } from '../../src/train/compose/art.js';
import { proceduralScene } from '../../src/train/compose/background.js';
import type { PictureCache } from '../../src/train/compose/cache.js';
import type { Picture } from '../../src/train/compose/raster.js';
import { paste } from '../../src/train/compose/warp.js';
import type { DatasetImage } from '../../src/train/datasets/dataset.js';
import { Rng } from '../../src/train/rng.js';

/** Negatives that cost nothing to get, as people suggest them. */
export const GENERATED = ['noise', 'shapes', 'text', 'patches'] as const;
export type GeneratedKind = (typeof GENERATED)[number];

const SIDE = 320;

/** Picture `index` of a kind; a function of both (and, for patches, of the photos of other logos). */
export async function generatedPicture(
  kind: GeneratedKind,
  index: number,
  other: readonly DatasetImage[],
  cache: PictureCache,
): Promise<Picture> {
  const rng = new Rng(0x9e4e, GENERATED.indexOf(kind), index);
  if (kind === 'noise') return noise(rng);
  if (kind === 'shapes') return drawn(withWords(rng.chance(0.5) ? mark : scene, false, rng));
  if (kind === 'text') return drawn(withWords(scene, true, rng));
  return patches(rng, other, cache);
}

/** White or coarse noise, grey or coloured. */
async function noise(rng: Rng): Promise<Picture> {
  const channels = rng.chance(0.5) ? 3 : 1;
  const side = Math.round(SIDE / rng.pick([1, 2, 4, 8, 16, 40]));
  const small = Buffer.from(Uint8Array.from({ length: side * side * channels }, () => rng.below(256)));
  const data = await sharp(small, { raw: { width: side, height: side, channels } })
    .resize(SIDE, SIDE, { fit: 'fill', kernel: rng.pick(['nearest', 'cubic'] as const) })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
  return { width: SIDE, height: SIDE, data };
}

const mark = (rng: Rng): string => randomMark(rng);
const scene = (rng: Rng): string => randomScene(rng, SIDE, SIDE);

/** Draws anew until there are words in it, or none. */
function withWords(draw: (rng: Rng) => string, words: boolean, rng: Rng): string {
  for (;;) {
    const svg = draw(rng);
    if (svg.includes('<text') === words) return svg;
  }
}

async function drawn(svg: string): Promise<Picture> {
  const data = await sharp(Buffer.from(svg))
    .resize(SIDE, SIDE, { fit: 'fill' })
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
  return { width: SIDE, height: SIDE, data };
}

/** One to three logos of other brands, cut out and pasted over a made-up scene. */
async function patches(rng: Rng, other: readonly DatasetImage[], cache: PictureCache): Promise<Picture> {
  const scene = await proceduralScene(rng, SIDE, SIDE);
  for (let n = 1 + rng.below(3); n > 0; n--) {
    const image = rng.pick(other);
    const stamp = await cache.crop(image.file, rng.pick(image.boxes).box, 0.05);
    const k = rng.uniform(60, 240) / Math.max(stamp.width, stamp.height);
    const [w, h] = [stamp.width * k, stamp.height * k];
    const [x, y] = [rng.uniform(0, SIDE - w), rng.uniform(0, SIDE - h)];
    const quad = [
      [x, y],
      [x + w, y],
      [x + w, y + h],
      [x, y + h],
    ] as const;
    const plain = { opacity: 1, feather: 1, tint: undefined, grey: false, invert: false };
    paste(scene, stamp, quad, plain);
  }
  return scene;
}
