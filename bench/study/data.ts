import { join } from 'node:path';
import type { DatasetImage } from '../../src/train/datasets/dataset.js';
import { readNegatives } from '../../src/train/datasets/negatives.js';
import { readDataset } from '../../src/train/datasets/read.js';

/** The data folder, part by part; pictures in the order of their paths. */
export interface StudyData {
  readonly root: string;
  readonly brands: readonly string[];
  readonly train: {
    readonly logos: readonly DatasetImage[];
    readonly scenes: readonly string[];
    /** Other brands' logos; where there is no box the whole picture is one. */
    readonly unknown: readonly DatasetImage[];
  };
  readonly test: {
    /** logos/val and logos/test. */
    readonly logos: readonly DatasetImage[];
    /** logos/val alone: the boxes that frames are composed from. */
    readonly boxed: readonly DatasetImage[];
    readonly scenes: readonly string[];
    readonly unknown: readonly DatasetImage[];
  };
}

/** Errors: dataset-invalid, image-unreadable. */
export async function readStudyData(root: string): Promise<StudyData> {
  const at = (...parts: string[]): string => join(root, ...parts);
  const [logos, val, test] = await Promise.all(
    ['train', 'val', 'test'].map((split) => readDataset(at('logos', split))),
  );
  const negatives = async (split: 'train' | 'test') => ({
    scenes: (await readNegatives([at('no-logo', split)])).pictures,
    unknown: byPath((await readNegatives([at('unknown-logos', split)])).distractors),
  });
  return {
    root,
    brands: logos!.brands,
    train: { logos: byPath(logos!.images), ...(await negatives('train')) },
    test: {
      logos: [...byPath(val!.images), ...byPath(test!.images)],
      boxed: byPath(val!.images),
      ...(await negatives('test')),
    },
  };
}

/** Indices of the brands that a picture shows. */
export function brandsOf(image: DatasetImage, brands: readonly string[]): number[] {
  return [...new Set(image.boxes.map((b) => brands.indexOf(b.label)))].filter((b) => b >= 0);
}

function byPath(images: readonly DatasetImage[]): DatasetImage[] {
  return images.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}
