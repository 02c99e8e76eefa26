import type { Box } from '../core/geometry.js';
import { loadImage } from '../infer/image.js';
import { distinct, placesOf } from '../infer/network/places.js';
import type { BankPicture } from './bank.js';
import { type Base, type BasePicture, contentOf } from './base.js';
import { FRAME_SHAPES } from './compose/composer.js';
import type { Sources } from './compose/sources.js';
import { boxInContent } from './photos.js';
import { towers, windowPlaces } from './places.js';
import { Rng } from './rng.js';
import { type FrameSamples, NO_BRAND, type SampleStore } from './samples.js';

/** Places of a picture: those that look most like some logo, and one of its windows. */
const LOGO_LIKE = 4;
const WHOLE_SHARE = 0.3;

/** What the bank keeps of a picture without any of the brands; nothing where the picture is too small for a place. */
export async function bankPicture(base: Base, picture: BasePicture, rng: Rng): Promise<BankPicture> {
  const maps = await base.look(picture);
  const places = distinct(
    placesOf(maps, contentOf(picture)).sort((a, b) => b.logo - a.logo),
    LOGO_LIKE,
  );
  if (places.length > 0) {
    const [whole, ...parts] = windowPlaces(maps, picture);
    places.push(rng.chance(WHOLE_SHARE) ? whole! : rng.pick(parts));
  }
  const cells = towers(
    maps,
    places.map((p) => ({ ...p, label: NO_BRAND })),
  );
  const data = await base.crops(
    picture,
    places.map((p) => p.box),
  );
  const logos = Float32Array.from(places, (p) => p.logo);
  return { brands: [], unclear: false, cells, crops: { data, labels: cells.labels }, logos };
}

/** Pictures of one's own that the bank is lengthened by, at most: a tenth of a second each. */
const OWN_MAX = 1200;

/** A picture without any of the brands; `boxes` (pixels) show what is known to be none of them: other logos, false alarms. */
export interface NegativeFile {
  readonly file: string;
  readonly boxes: readonly Box[];
}

/** Those of one's own negatives that are looked at as they are: all, or a random choice. */
export function chooseNegatives(
  { scenes, distractors }: Pick<Sources, 'scenes' | 'distractors'>,
  seed: number,
): readonly NegativeFile[] {
  const marked = distractors.map(({ file, boxes, weak }) => ({
    file,
    boxes: weak ? [] : boxes.map((b) => b.box),
  }));
  const files = [...scenes.map((file) => ({ file, boxes: [] })), ...marked];
  return new Rng(seed, 0xba4d).shuffle(files).slice(0, OWN_MAX);
}

export interface OwnNegativesOptions {
  readonly base: Base;
  readonly store: SampleStore;
  readonly files: readonly NegativeFile[];
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onPicture?: ((done: number) => void) | undefined;
}

/** Stores one's own negatives as the bank keeps its pictures, going on where an earlier run stopped. */
export async function extractNegatives(options: OwnNegativesOptions): Promise<void> {
  const { base, store, files, seed, signal, onPicture } = options;
  const make = (i: number): Promise<FrameSamples> => negativeSamples(base, files[i]!, new Rng(seed, i, 5));
  await store.fill(files.length, make, { signal, onDone: onPicture });
}

async function negativeSamples(base: Base, { file, boxes }: NegativeFile, rng: Rng): Promise<FrameSamples> {
  const { image, originalWidth: width, originalHeight: height } = await loadImage(file, FRAME_SHAPES);
  const { brands, unclear, cells, crops } = await bankPicture(base, image, rng);
  const marks = await base.crops(
    image,
    boxes.map((box) => boxInContent(box, { width, height }, image.content)),
  );
  const data = new Float32Array(crops.data.length + marks.length);
  data.set(crops.data);
  data.set(marks, crops.data.length);
  const labels = new Int16Array(crops.labels.length + boxes.length).fill(NO_BRAND);
  return { brands, unclear, cells, crops: { data, labels } };
}
