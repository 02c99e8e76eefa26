import sharp from 'sharp';
import { cover } from '../../src/train/compose/background.js';
import type { PictureCache } from '../../src/train/compose/cache.js';
import { cut, offset } from '../../src/train/compose/photos.js';
import { overlay, type Picture } from '../../src/train/compose/raster.js';
import { paste } from '../../src/train/compose/warp.js';
import type { DatasetImage, LabelledBox } from '../../src/train/datasets/dataset.js';
import { Rng } from '../../src/train/rng.js';

export const WIDTH = 640;
export const HEIGHT = 360;
/** The longer side of the logo as shares of the frame's width. */
export const WIDTHS = [
  [0.03, 0.05],
  [0.05, 0.08],
  [0.08, 0.12],
  [0.12, 0.2],
] as const;
/** Logos are enlarged at most this much: beyond it there is only blur. */
const ENLARGE_MAX = 3;
const JPEG_QUALITY = 75;
/** Of a crop of a logo, as a share of its sides. */
const MARGIN = 0.05;

/** How a frame is to be composed; made by planFrames and planFreeFrames, drawn by composeFrame. */
export interface FramePlan {
  readonly seed: number;
  readonly background: string;
  /** Undefined for a frame without any logo. */
  readonly logo?:
    | {
        readonly image: DatasetImage;
        readonly box: LabelledBox;
        /** Index into WIDTHS. */
        readonly width: number;
        /** The whole photo scaled down over the background, or its logo cut out and pasted. */
        readonly kind: 'photo' | 'crop';
        /** Frame pixels per pixel of the photo. */
        readonly scale: number;
      }
    | undefined;
}

/** Each picture's largest box at each width, the two kinds in turn. Left out where it would be all blur. */
export function planFrames(
  images: readonly DatasetImage[],
  backgrounds: readonly string[],
  seed: number,
): FramePlan[] {
  const rng = new Rng(seed, 0xf4a3);
  const plans: FramePlan[] = [];
  let turn = 0;
  for (const image of images) {
    const box = image.boxes.reduce((a, b) => (b.box[2] * b.box[3] > a.box[2] * a.box[3] ? b : a));
    WIDTHS.forEach(([low, high], width) => {
      const kind = turn++ % 2 === 0 ? 'photo' : 'crop';
      const background = rng.pick(backgrounds);
      const scale = (WIDTH * rng.uniform(low, high)) / Math.max(box.box[2], box.box[3]);
      const plan: FramePlan = { seed: rng.uint32(), background, logo: { image, box, width, kind, scale } };
      if (scale <= ENLARGE_MAX) plans.push(plan);
    });
  }
  return plans;
}

/** One frame of each picture, without anything in it. */
export function planFreeFrames(backgrounds: readonly string[], seed: number): FramePlan[] {
  return backgrounds.map((background, i) => ({ seed: new Rng(seed, 0xf4ee, i).uint32(), background }));
}

/** A 640x360 frame, rgb24, through JPEG once; a function of the plan and its files. */
export async function composeFrame(plan: FramePlan, cache: PictureCache): Promise<Picture> {
  const rng = new Rng(plan.seed);
  const frame = await cover(rng, await cache.picture(plan.background), WIDTH, HEIGHT);
  if (plan.logo) {
    if (plan.logo.kind === 'photo') await layPhoto(rng, frame, plan.logo, cache);
    else await pasteCrop(rng, frame, plan.logo, cache);
  }
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 as const };
  const jpeg = await sharp(frame.data, { raw }).jpeg({ quality: JPEG_QUALITY }).toBuffer();
  return { width: WIDTH, height: HEIGHT, data: await sharp(jpeg).removeAlpha().raw().toBuffer() };
}

type Logo = NonNullable<FramePlan['logo']>;

async function layPhoto(
  rng: Rng,
  frame: Picture,
  { image, box: { box }, scale }: Logo,
  cache: PictureCache,
): Promise<void> {
  const [w, h] = [image.width, image.height].map((v) => Math.max(2, Math.round(v * scale))) as [
    number,
    number,
  ];
  const x = offset(rng, WIDTH, w, box[0] * scale, box[2] * scale);
  const y = offset(rng, HEIGHT, h, box[1] * scale, box[3] * scale);
  const part = await cut(await cache.picture(image.file), w, h, x, y, WIDTH, HEIGHT);
  overlay(frame, part, Math.max(0, x), Math.max(0, y));
}

async function pasteCrop(
  rng: Rng,
  frame: Picture,
  { image, box: { box }, scale }: Logo,
  cache: PictureCache,
): Promise<void> {
  const stamp = await cache.crop(image.file, box, MARGIN);
  const k = (scale * Math.max(box[2], box[3]) * (1 + 2 * MARGIN)) / Math.max(stamp.width, stamp.height);
  const [w, h] = [stamp.width * k, stamp.height * k];
  const [x, y] = [rng.uniform(0, WIDTH - w), rng.uniform(0, HEIGHT - h)];
  const quad = [
    [x, y],
    [x + w, y],
    [x + w, y + h],
    [x, y + h],
  ] as const;
  paste(frame, stamp, quad, { opacity: 1, feather: 1, tint: undefined, grey: false, invert: false });
}
