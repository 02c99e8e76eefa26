import type { Box } from '../../core/geometry.js';
import { Rng } from '../rng.js';
import { randomMark } from './art.js';
import type { PictureCache } from './cache.js';
import { cropStamp, type Picture, type Stamp } from './raster.js';
import type { Sources } from './sources.js';
import { type Pasted, paste, pointBox, signCorners } from './warp.js';

const TILT_MAX_RAD = Math.PI / 4;
const SIDE_PX = { low: 16, high: 480 };
/** Mean change of the pixels under a transparent mark below which nobody could see it, 0..255. */
const CHANGE_MIN = 9;
const VISIBLE_MIN = 0.5;
const MADE_UP_MARKS = 400;

export interface Pastable {
  readonly stamp: Stamp;
  /** Opaque rectangle (a crop of a photo), or a shape with alpha that may be recoloured. */
  readonly opaque: boolean;
}

export interface Placed {
  readonly box: Box;
  readonly ignore: boolean;
}

/** Pastes one of the brand's logos. Undefined when it came out invisible: the caller undoes it. */
export async function pasteBrand(
  rng: Rng,
  sources: Sources,
  cache: PictureCache,
  frame: Picture,
  brand: number,
): Promise<Placed | undefined> {
  const art = sources.artByBrand[brand] ?? [];
  const photos = sources.photosByBrand[brand] ?? [];
  if (art.length + photos.length === 0) return undefined;
  const useArt = photos.length === 0 || (art.length > 0 && rng.chance(0.4));
  if (useArt) return pasteMark(rng, frame, { stamp: await cache.art(rng.pick(art)), opaque: false });
  const image = rng.pick(photos);
  const { box } = rng.pick(image.boxes.filter((b) => b.label === sources.brands[brand]));
  return pasteMark(rng, frame, {
    stamp: await cache.crop(image.file, box, rng.pick([0, 0.05, 0.1])),
    opaque: true,
  });
}

/** Pastes something that is none of the brands, in the same ways. */
export async function pasteDistractor(
  rng: Rng,
  sources: Sources,
  cache: PictureCache,
  frame: Picture,
): Promise<Placed | undefined> {
  const kinds: (() => Promise<Pastable>)[] = [
    async () => {
      const seed = rng.below(MADE_UP_MARKS);
      return {
        stamp: await cache.drawing(String(seed), () => randomMark(new Rng(0xd15c, seed))),
        opaque: false,
      };
    },
  ];
  const add = (weight: number, kind: () => Promise<Pastable>): void => {
    for (let i = 0; i < weight; i++) kinds.push(kind);
  };
  if (sources.distractorArt.length > 0)
    add(3, async () => ({ stamp: await cache.art(rng.pick(sources.distractorArt)), opaque: false }));
  if (sources.distractors.length > 0)
    add(3, async () => {
      const image = rng.pick(sources.distractors);
      return {
        stamp: await cache.crop(image.file, rng.pick(image.boxes).box, rng.pick([0, 0.05, 0.1])),
        opaque: true,
      };
    });
  if (sources.scenes.length > 0)
    add(1, async () => {
      const picture = await cache.picture(rng.pick(sources.scenes));
      const w = picture.width * rng.uniform(0.1, 0.7);
      const h = Math.min(picture.height, w * rng.logUniform(0.3, 1.5));
      const box: Box = [rng.uniform(0, picture.width - w), rng.uniform(0, picture.height - h), w, h];
      return { stamp: cropStamp(picture, box), opaque: true };
    });
  return pasteMark(rng, frame, await rng.pick(kinds)());
}

/** Pastes a mark at a random size and place, as brands are. Undefined when it came out invisible. */
export function pasteMark(rng: Rng, frame: Picture, { stamp, opaque }: Pastable): Placed | undefined {
  const side = Math.min(
    rng.logUniform(SIDE_PX.low, SIDE_PX.high),
    frame.width,
    3 * Math.max(stamp.width, stamp.height),
  );
  const k = side / Math.max(stamp.width, stamp.height);
  const stretch = rng.uniform(0.92, 1.08);
  const corners = signCorners(rng, stamp.width * k * stretch, (stamp.height * k) / stretch, TILT_MAX_RAD);
  const bounds = pointBox(corners);
  // One in ten hangs over the frame's edge.
  const edge = rng.chance(0.1) ? 0.4 : 0;
  const place = (size: number, low: number, length: number): number =>
    rng.uniform(-edge * length, Math.max(0, size - length) + edge * length) - low;
  const [x, y] = [place(frame.width, bounds[0], bounds[2]), place(frame.height, bounds[1], bounds[3])];
  const quad = corners.map(([cx, cy]) => [cx + x, cy + y] as const);
  const colour = (): [number, number, number] => [rng.below(256), rng.below(256), rng.below(256)];
  const style = rng.next();
  const grey = rng.below(2) * 255;
  const pasted = plateAndPaste(rng, frame, stamp, quad, opaque, {
    opacity: rng.chance(opaque ? 0.85 : 0.6) ? 1 : rng.uniform(0.3, 1),
    feather: opaque ? rng.pick([0, 1, 1.5, 3]) : 0,
    tint: !stamp.singleColour || style < 0.35 ? undefined : style < 0.7 ? [grey, grey, grey] : colour(),
    grey: rng.chance(opaque ? 0.06 : 0.15),
    invert: opaque ? false : rng.chance(0.05),
  });
  if (!pasted.box) return undefined;
  if (!opaque && pasted.change < CHANGE_MIN) return undefined;
  if (rng.chance(0.15)) occlude(rng, frame, pasted.box);
  return { box: pasted.box, ignore: pasted.visibleShare < VISIBLE_MIN };
}

function plateAndPaste(
  rng: Rng,
  frame: Picture,
  stamp: Stamp,
  quad: readonly (readonly [number, number])[],
  opaque: boolean,
  options: Parameters<typeof paste>[3],
): Pasted {
  if (!opaque && rng.chance(0.25)) {
    const [cx, cy] = [0, 1].map((i) => quad.reduce((s, p) => s + p[i as 0 | 1]!, 0) / 4) as [number, number];
    const grow = rng.uniform(1.1, 1.6);
    const plate = quad.map(([px, py]) => [cx + (px - cx) * grow, cy + (py - cy) * grow] as const);
    const data = new Uint8Array(16 * 4).fill(255);
    const tint = [rng.below(256), rng.below(256), rng.below(256)] as const;
    paste(frame, { width: 4, height: 4, data, half: undefined, singleColour: true }, plate, {
      ...options,
      opacity: rng.uniform(0.5, 1),
      feather: 0,
      tint: rng.chance(0.5) ? [255, 255, 255] : tint,
    });
  }
  return paste(frame, stamp, quad, options);
}

/** Covers up to 40 % of a box by a bar of one colour, as a hand or a pole would. */
function occlude(rng: Rng, frame: Picture, box: Box): void {
  const share = rng.uniform(0.1, 0.4);
  const upright = rng.chance(0.5);
  const [w, h] = upright ? [box[2] * share, box[3]] : [box[2], box[3] * share];
  const [x0, y0] = [box[0] + rng.next() * (box[2] - w), box[1] + rng.next() * (box[3] - h)];
  const colour = [rng.below(256), rng.below(256), rng.below(256)];
  for (let y = Math.floor(y0); y < Math.min(frame.height, y0 + h); y++)
    for (let x = Math.floor(x0); x < Math.min(frame.width, x0 + w); x++)
      for (let c = 0; c < 3; c++) frame.data[(y * frame.width + x) * 3 + c] = colour[c]!;
}
