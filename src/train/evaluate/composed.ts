import sharp from 'sharp';
import { LogowatchError } from '../../core/errors.js';
import { randomMark } from '../compose/art.js';
import { cover, proceduralScene } from '../compose/background.js';
import { PictureCache } from '../compose/cache.js';
import { degrade } from '../compose/degrade.js';
import { pasteMark } from '../compose/marks.js';
import type { Picture } from '../compose/raster.js';
import { Rng } from '../rng.js';
import { type EvalPicture, silentPicture } from './pictures.js';

export const FRAME_SIZE = { width: 640, height: 360 } as const;
/** Streams of their own: training draws its made-up marks from another one, so none of these has been learned. */
const SCENE_STREAM = 0x5ce4e;
const UNKNOWN_STREAM = 0x4a2b7;
const MARK_TRIES = 8;
const SCENE_TRIES = 5;
const JPEG_QUALITY = 90;

export function encodeFrame({ width, height, data }: Picture, quality: number): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}

/** A generated scene without any mark: stands in where the user brings no logo-free pictures. */
export async function composedScene(seed: number, index: number): Promise<EvalPicture> {
  const rng = new Rng(seed, index, SCENE_STREAM);
  const scene = await proceduralScene(rng, FRAME_SIZE.width, FRAME_SIZE.height);
  const source = await encodeFrame(await degrade(rng, scene), JPEG_QUALITY);
  return silentPicture('logo-free', `generated scene ${index}`, source);
}

/** Composes pictures of marks that are nobody's, over the user's logo-free pictures where there are any. */
export class UnknownComposer {
  readonly #cache = new PictureCache();
  readonly #scenes: readonly string[];
  readonly #seed: number;

  constructor(scenes: readonly string[], seed: number) {
    this.#scenes = scenes;
    this.#seed = seed;
  }

  async picture(index: number): Promise<EvalPicture> {
    const rng = new Rng(this.#seed, index, UNKNOWN_STREAM);
    const frame = await frameBackground(rng, this.#scenes, this.#cache);
    const wanted = 1 + rng.below(2);
    let placed = 0;
    for (let i = 0; i < MARK_TRIES && placed < wanted; i++) {
      const mark = new Rng(this.#seed, index, UNKNOWN_STREAM, i);
      const stamp = await this.#cache.drawing(`unknown ${index} ${i}`, () => randomMark(mark));
      // A mark that came out invisible has changed next to nothing.
      if (pasteMark(rng, frame, { stamp, opaque: false }) !== undefined) placed++;
    }
    const source = await encodeFrame(await degrade(rng, frame), JPEG_QUALITY);
    return silentPicture('unknown', `made-up marks ${index}`, source);
  }
}

/** A part of a logo-free picture that fills the frame, or a generated scene where none can be read. */
export async function frameBackground(
  rng: Rng,
  scenes: readonly string[],
  cache: PictureCache,
): Promise<Picture> {
  const { width, height } = FRAME_SIZE;
  for (let i = 0; i < SCENE_TRIES && scenes.length > 0; i++) {
    try {
      return await cover(rng, await cache.picture(rng.pick(scenes)), width, height);
    } catch (error) {
      // It is named when it is looked at itself.
      if (!(error instanceof LogowatchError && error.code === 'image-unreadable')) throw error;
    }
  }
  return proceduralScene(rng, width, height);
}
