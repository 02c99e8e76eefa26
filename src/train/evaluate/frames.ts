import type { Box } from '../../core/geometry.js';
import { PictureCache } from '../compose/cache.js';
import { addTarget, cut, offset } from '../compose/photos.js';
import { overlay, type Picture, type Stamp } from '../compose/raster.js';
import type { Target } from '../compose/target.js';
import { type PasteOptions, paste } from '../compose/warp.js';
import type { ArtFile, DatasetImage, LabelledBox } from '../datasets/dataset.js';
import { Rng } from '../rng.js';
import { encodeFrame, FRAME_SIZE, frameBackground } from './composed.js';
import type { EvalPicture, PictureKind } from './pictures.js';

/** Borders of the bins: the logo's longer side as a share of the frame's width. */
export const WIDTH_BINS = [0.03, 0.05, 0.08, 0.12, 0.2] as const;
const BIN_COUNT = WIDTH_BINS.length - 1;
/** A logo is enlarged at most this much: beyond it there is only blur to be found. */
const ENLARGE_MAX = 3;
const CROP_MARGIN = 0.05;
/** Mean change of the pixels under transparent art below which nobody could see it, 0..255. */
const CHANGE_MIN = 9;
const TRIES = 6;
const JPEG_QUALITY = 75;
const STREAM = 0xf4a3e;
const AS_IT_IS: PasteOptions = { opacity: 1, feather: 0, tint: undefined, grey: false, invert: false };

export interface FrameSources {
  /** The model's brands. */
  readonly labels: readonly string[];
  /** With boxes of these brands. */
  readonly photos: readonly DatasetImage[];
  /** Used where there are no photos. */
  readonly art: readonly ArtFile[];
  /** Logo-free pictures to lay logos over; none: generated scenes. */
  readonly scenes: readonly string[];
}

interface Composed {
  readonly frame: Picture;
  readonly boxes: readonly LabelledBox[];
  readonly logoWidth: number;
  readonly name: string;
}

/**
 * Frames of 640x360 with one logo at 3 to 20 % of the width, the widths drawn from each bin in turn. Half of them hold
 * a whole photo scaled down, half the logo's crop with a soft edge; art is pasted as it is. Frame i is a function of
 * (seed, i) and the files.
 */
export class FrameComposer {
  readonly #sources: FrameSources;
  readonly #seed: number;
  readonly #cache = new PictureCache();
  readonly #photos: readonly DatasetImage[];
  readonly #art: readonly ArtFile[];

  constructor(sources: FrameSources, seed: number) {
    this.#sources = sources;
    this.#seed = seed;
    this.#photos = new Rng(seed, STREAM).shuffle([...sources.photos]);
    this.#art = new Rng(seed, STREAM).shuffle([...sources.art]);
  }

  /** Undefined where no photo is large enough for this frame's width, or no place could be found for the art. */
  async picture(index: number, kind: PictureKind = 'frame'): Promise<EvalPicture | undefined> {
    const rng = new Rng(this.#seed, index, STREAM);
    const bin = index % BIN_COUNT;
    const want = FRAME_SIZE.width * rng.uniform(WIDTH_BINS[bin]!, WIDTH_BINS[bin + 1]!);
    const made =
      this.#photos.length > 0 ? await this.#photo(rng, index, want) : await this.#drawn(rng, index, want);
    if (made === undefined) return undefined;
    const { frame, boxes, logoWidth, name } = made;
    const labels = [...new Set(boxes.map((b) => b.label))];
    const source = await encodeFrame(frame, JPEG_QUALITY);
    return {
      kind,
      name: `frame ${index}: ${name}`,
      source,
      labels,
      truth: { ...FRAME_SIZE, boxes },
      logoWidth,
    };
  }

  async #photo(rng: Rng, index: number, want: number): Promise<Composed | undefined> {
    const round = Math.floor(index / BIN_COUNT);
    const count = this.#photos.length;
    for (let i = 0; i < count; i++) {
      const image = this.#photos[(round + i) % count]!;
      const main = this.#largest(image);
      const k = want / Math.max(main.box[2], main.box[3]);
      if (k > ENLARGE_MAX) continue;
      const frame = await frameBackground(rng, this.#sources.scenes, this.#cache);
      // Each photo comes in both ways at each width, once the photos have all been used.
      const whole = (index + round + Math.floor(round / count)) % 2 === 0;
      const boxes = whole
        ? await this.#layWhole(rng, frame, image, main.box, k)
        : await this.#layCrop(rng, frame, image, main, k);
      return { frame, boxes, logoWidth: want / FRAME_SIZE.width, name: image.file };
    }
    return undefined;
  }

  #largest(image: DatasetImage): LabelledBox {
    const known = image.boxes.filter((b) => this.#sources.labels.includes(b.label));
    return known.reduce((a, b) => (b.box[2] * b.box[3] > a.box[2] * a.box[3] ? b : a));
  }

  /** The photo at scale `k`, placed so that its main box is inside of the frame. */
  async #layWhole(
    rng: Rng,
    frame: Picture,
    image: DatasetImage,
    main: Box,
    k: number,
  ): Promise<LabelledBox[]> {
    const { width, height } = FRAME_SIZE;
    const [w, h] = [Math.max(2, Math.round(image.width * k)), Math.max(2, Math.round(image.height * k))];
    const x = offset(rng, width, w, main[0] * k, main[2] * k);
    const y = offset(rng, height, h, main[1] * k, main[3] * k);
    const picture = await this.#cache.picture(image.file);
    overlay(frame, await cut(picture, w, h, x, y, width, height), Math.max(0, x), Math.max(0, y));
    const targets: Target[] = [];
    for (const { label, box } of image.boxes) {
      const brand = this.#sources.labels.indexOf(label);
      const placed: Box = [x + box[0] * k, y + box[1] * k, box[2] * k, box[3] * k];
      if (brand >= 0) addTarget(targets, brand, placed, width, height);
    }
    return targets
      .filter((t) => !t.ignore)
      .map((t) => ({ label: this.#sources.labels[t.brand]!, box: t.box }));
  }

  async #layCrop(
    rng: Rng,
    frame: Picture,
    image: DatasetImage,
    { label, box }: LabelledBox,
    k: number,
  ): Promise<LabelledBox[]> {
    const stamp = await this.#cache.crop(image.file, box, CROP_MARGIN);
    const [w, h] = [box[2] * k, box[3] * k];
    const [marginX, marginY] = [w * CROP_MARGIN, h * CROP_MARGIN];
    const at = lay(rng, frame, stamp, w + 2 * marginX, h + 2 * marginY, { ...AS_IT_IS, feather: 1.5 });
    return [{ label, box: [at.x + marginX, at.y + marginY, w, h] }];
  }

  async #drawn(rng: Rng, index: number, want: number): Promise<Composed | undefined> {
    const { label, file } = this.#art[Math.floor(index / BIN_COUNT) % this.#art.length]!;
    const stamp = await this.#cache.art(file);
    const k = want / Math.max(stamp.width, stamp.height);
    const [w, h] = [stamp.width * k, stamp.height * k];
    for (let i = 0; i < TRIES; i++) {
      const frame = await frameBackground(rng, this.#sources.scenes, this.#cache);
      const { x, y, change } = lay(rng, frame, stamp, w, h, AS_IT_IS);
      if (change < CHANGE_MIN) continue;
      return { frame, boxes: [{ label, box: [x, y, w, h] }], logoWidth: want / FRAME_SIZE.width, name: file };
    }
    return undefined;
  }
}

/** Pastes upright at a random place inside of the frame. */
function lay(
  rng: Rng,
  frame: Picture,
  stamp: Stamp,
  w: number,
  h: number,
  options: PasteOptions,
): { x: number; y: number; change: number } {
  const [x, y] = [rng.uniform(0, frame.width - w), rng.uniform(0, frame.height - h)];
  const quad = [
    [x, y],
    [x + w, y],
    [x + w, y + h],
    [x, y + h],
  ] as const;
  const { change } = paste(frame, stamp, quad, options);
  return { x, y, change };
}
