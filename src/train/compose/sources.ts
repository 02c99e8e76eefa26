import type { Dataset, DatasetImage } from '../datasets/dataset.js';
import type { Negatives } from '../datasets/negatives.js';
import { Rng } from '../rng.js';

/** What frames are composed from; one set for training, one for held-out frames, with no file in both. */
export interface Sources {
  readonly brands: readonly string[];
  /** Photos with boxes of the data set. */
  readonly photos: readonly DatasetImage[];
  /** Brand index -> the photos that show it. */
  readonly photosByBrand: readonly (readonly DatasetImage[])[];
  /** Brand index -> files of logo art. */
  readonly artByBrand: readonly (readonly string[])[];
  readonly scenes: readonly string[];
  /** Photos of other logos; boxes as in photos. */
  readonly distractors: readonly DatasetImage[];
  readonly distractorArt: readonly string[];
}

export interface SplitSources {
  readonly train: Sources;
  readonly heldOut: Sources;
  /** Brands whose held-out frames show training art in other scenes, because they have too few files to hold out. */
  readonly sharedBrands: readonly string[];
}

const HELD_OUT_SHARE = 0.15;
/** Under this many files of a brand none is held out. */
const HOLD_OUT_FROM = 6;

/** Splits by source picture, never by frame. */
export function splitSources(dataset: Dataset, negatives: Negatives, seed: number): SplitSources {
  const rng = new Rng(seed, 0x5b117);
  const held = new Set<string>();
  const sharedBrands: string[] = [];
  for (const brand of dataset.brands) {
    const files = [
      ...dataset.images.filter((i) => i.boxes.some((b) => b.label === brand)).map((i) => i.file),
      ...dataset.art.filter((a) => a.label === brand).map((a) => a.file),
    ];
    if (files.length < HOLD_OUT_FROM) sharedBrands.push(brand);
    else
      for (const file of rng.shuffle(files).slice(0, Math.max(1, Math.round(files.length * HELD_OUT_SHARE))))
        held.add(file);
  }
  const scenes = [...new Set([...dataset.negatives, ...negatives.pictures])];
  const others = [
    ...scenes,
    ...negatives.distractors.map((d) => d.file),
    ...negatives.art.map((a) => a.file),
  ];
  for (const file of others) if (rng.chance(HELD_OUT_SHARE)) held.add(file);
  const shared = new Set(sharedBrands);
  const part = (out: boolean): Sources => {
    const photos = dataset.images.filter(
      (i) => held.has(i.file) === out || (out && i.boxes.some((b) => shared.has(b.label))),
    );
    return {
      brands: dataset.brands,
      photos,
      photosByBrand: dataset.brands.map((brand) =>
        photos.filter((i) => i.boxes.some((b) => b.label === brand)),
      ),
      artByBrand: dataset.brands.map((brand) =>
        dataset.art
          .filter((a) => a.label === brand && (held.has(a.file) === out || (out && shared.has(brand))))
          .map((a) => a.file),
      ),
      scenes: scenes.filter((f) => held.has(f) === out),
      distractors: negatives.distractors.filter((d) => held.has(d.file) === out),
      distractorArt: negatives.art.map((a) => a.file).filter((f) => held.has(f) === out),
    };
  };
  return { train: part(false), heldOut: part(true), sharedBrands };
}
