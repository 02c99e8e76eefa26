import type { Box } from '../../core/geometry.js';
import { iou, overlapShare } from '../../core/geometry.js';
import { Rng } from '../rng.js';
import { background } from './background.js';
import { PictureCache } from './cache.js';
import { degrade } from './degrade.js';
import { pasteBrand, pasteDistractor } from './marks.js';
import { placePhoto } from './photos.js';
import type { Picture } from './raster.js';
import type { Sources } from './sources.js';
import type { Target } from './target.js';

export interface ComposedFrame extends Picture {
  readonly targets: readonly Target[];
}

/** The shapes in which pictures are looked at, with their shares of the training frames. */
export const FRAME_SHAPES = [
  { width: 640, height: 360, share: 0.7 },
  { width: 480, height: 480, share: 0.2 },
  { width: 360, height: 640, share: 0.1 },
] as const;

/** Under half: most of what a channel shows has no target, and silence has to be learned. */
const TARGET_SHARE = 0.45;

/** Composes training frames; each is a function of (seed, index) and the sources, alone and in any order. */
export class Composer {
  readonly cache = new PictureCache();
  readonly #sources: Sources;
  readonly #seed: number;
  readonly #targetShare: number;

  constructor(sources: Sources, seed: number, targetShare: number = TARGET_SHARE) {
    this.#sources = sources;
    this.#seed = seed;
    this.#targetShare = targetShare;
  }

  /** The shape is drawn first, so that it is known without composing. */
  shape(index: number): { width: number; height: number } {
    let at = new Rng(this.#seed, index, 1).next();
    for (const { width, height, share } of FRAME_SHAPES) {
      at -= share;
      if (at < 0) return { width, height };
    }
    return { width: 640, height: 360 };
  }

  async frame(index: number): Promise<ComposedFrame> {
    const rng = new Rng(this.#seed, index, 2);
    const { width, height } = this.shape(index);
    const withTarget = rng.chance(this.#targetShare);
    const targets: Target[] = [];
    const photo = await placePhoto(rng, this.#sources, this.cache, width, height, withTarget, targets);
    const frame = photo ?? (await background(rng, this.#sources, this.cache, width, height));
    const pasteCount = photo ? (rng.chance(0.3) ? 1 : 0) : 1 + rng.below(3);
    for (let i = rng.below(3); i > 0; i--)
      await this.#place(() => pasteDistractor(rng, this.#sources, this.cache, frame), frame, targets, -1);
    if (withTarget) {
      for (let i = 0; i < pasteCount; i++) {
        const brand = rng.below(this.#sources.brands.length);
        await this.#place(
          () => pasteBrand(rng, this.#sources, this.cache, frame, brand),
          frame,
          targets,
          brand,
        );
      }
    }
    const degraded = await degrade(rng, frame);
    return { ...degraded, targets };
  }

  /** Pastes unless it would cover what is there; a refused paste is undone. */
  async #place(
    pasteOne: () => Promise<{ box: Box; ignore: boolean } | undefined>,
    frame: Picture,
    targets: Target[],
    brand: number,
  ): Promise<void> {
    const before = Uint8Array.from(frame.data);
    const pasted = await pasteOne();
    const covers =
      pasted && targets.some((t) => iou(t.box, pasted.box) > 0 && overlapShare(t.box, pasted.box) > 0.15);
    if (!pasted || covers) frame.data.set(before);
    else if (brand >= 0) targets.push({ brand, ...pasted });
  }
}
