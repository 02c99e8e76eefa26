import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LogowatchError } from '../core/errors.js';
import type { Box } from '../core/geometry.js';
import type { Bank } from './bank.js';
import type { Base } from './base.js';
import type { Dataset, DatasetImage } from './datasets/dataset.js';
import { type Choice, colocalise } from './localise/colocalise.js';
import { Background, candidatesOf, embeddingAt, type PlaceCandidate, spread } from './localise/places.js';

/** Pictures of a brand that are looked at; more would teach nothing new. */
export const PICTURES_MAX = 400;
/** Boxed pictures and art of a brand that its pictures without boxes are compared with as well. */
const REFERENCES_MAX = 20;

/** What was found in a picture of which only the brand was known. */
export interface FoundPlace {
  readonly file: string;
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** Pixels of the file, the best first; in a doubtful picture the best guess. */
  readonly boxes: readonly Box[];
  readonly score: number;
  /** Why the picture is not learned from unless somebody looked at it. */
  readonly doubt?: string | undefined;
}

export interface LocaliseOptions {
  readonly base: Base;
  readonly bank: Bank;
  readonly signal?: AbortSignal | undefined;
  readonly onPicture?: ((done: number, total: number) => void) | undefined;
}

/** Looks for the logo in every picture without boxes, brand by brand. Errors: image-unreadable. */
export async function localise(dataset: Dataset, options: LocaliseOptions): Promise<FoundPlace[]> {
  const { base, signal } = options;
  const weak = dataset.brands.map((brand) => spread(weakOf(dataset, brand), PICTURES_MAX));
  const total = weak.reduce((n, images) => n + images.length, 0);
  if (total === 0) return [];
  const background = new Background(options.bank);
  const found: FoundPlace[] = [];
  let done = 0;
  for (const [k, images] of weak.entries()) {
    if (images.length === 0) continue;
    const places: PlaceCandidate[][] = [];
    for (const { file } of images) {
      signal?.throwIfAborted();
      places.push(await candidatesOf(base, background, file));
      options.onPicture?.(++done, total);
    }
    const label = dataset.brands[k]!;
    const choices = colocalise(places, await references(base, background, dataset, label));
    images.forEach((image, i) => {
      found.push(asFound(image, label, choices[i]!));
    });
  }
  return found;
}

const weakOf = (dataset: Dataset, brand: string): DatasetImage[] =>
  dataset.images.filter((i) => i.weak && i.boxes[0]?.label === brand);

function asFound({ file, width, height }: DatasetImage, label: string, choice: Choice): FoundPlace {
  const boxes = choice.places.map(({ box }) => box.map((v) => Math.round(v * 10) / 10) as unknown as Box);
  return { file, label, width, height, boxes, score: choice.score, doubt: choice.doubt };
}

/** What is known to be the logo. */
async function references(
  base: Base,
  background: Background,
  { images, art }: Dataset,
  label: string,
): Promise<Float32Array[]> {
  const boxed = images.flatMap((image) =>
    image.weak
      ? []
      : image.boxes.filter((b) => b.label === label).map(({ box }) => ({ file: image.file, box })),
  );
  const drawn = art.filter((a) => a.label === label).map(({ file }) => ({ file, box: undefined }));
  const known: Float32Array[] = [];
  for (const { file, box } of [...spread(boxed, REFERENCES_MAX), ...spread(drawn, REFERENCES_MAX)])
    known.push(await embeddingAt(base, background, file, box));
  return known;
}

/**
 * The data set with the boxes found. Doubtful pictures are left out, or with `keepDoubtful` taken as wholes; pictures
 * beyond PICTURES_MAX are left out. Errors: dataset-invalid where nothing remains of a brand.
 */
export function withPlaces(
  dataset: Dataset,
  found: readonly FoundPlace[],
  { keepDoubtful, list }: { keepDoubtful: boolean; list: string },
): Dataset {
  const byFile = new Map(found.map((f) => [`${f.label}/${f.file}`, f]));
  const images = dataset.images.flatMap((image): DatasetImage[] => {
    if (!image.weak) return [image];
    const label = image.boxes[0]!.label;
    const place = byFile.get(`${label}/${image.file}`);
    if (place === undefined) return [];
    if (place.doubt !== undefined) return keepDoubtful ? [image] : [];
    return [{ ...image, boxes: place.boxes.map((box) => ({ label, box })) }];
  });
  for (const brand of dataset.brands) {
    const left =
      images.some((i) => i.boxes.some((b) => b.label === brand)) ||
      dataset.art.some((a) => a.label === brand);
    if (left) continue;
    throw new LogowatchError(
      'dataset-invalid',
      `In no picture of ${brand} the logo could be found for sure`,
      {
        value: list,
        remedy: 'Bring more pictures of it, close-ups or its art, draw boxes, or pass --keep-doubtful',
      },
    );
  }
  return { ...dataset, images };
}

const CACHE_FILE = 'places.json';

/** `localise`, or what it gave when the same run was here before. */
export async function localiseOnce(
  dataset: Dataset,
  options: LocaliseOptions,
  { folder, key }: { folder: string; key: string },
): Promise<FoundPlace[]> {
  const path = join(folder, CACHE_FILE);
  const saved = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as { key: string; found: FoundPlace[] },
    () => undefined,
  );
  if (saved?.key === key) return saved.found;
  const found = await localise(dataset, options);
  if (found.length > 0) {
    await writeFile(`${path}.new`, JSON.stringify({ key, found }));
    await rename(`${path}.new`, path);
  }
  return found;
}
