import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoCode, LogowatchError } from '../../core/errors.js';
import { weakImage } from '../datasets/boxes.js';
import { type ArtFile, type Dataset, type DatasetImage, invalid } from '../datasets/dataset.js';
import { isPicture, isVector, listTree, pictureFacts } from '../datasets/files.js';
import { ANNOTATED_READERS } from '../datasets/read.js';

/**
 * Pictures of one brand from files and folders: photos, logo art (SVG, or with transparency), or an annotated data
 * set whose one label, or the label of that name, is the brand. Errors: image-unreadable, dataset-invalid, usage.
 */
export async function readBrand(name: string, paths: readonly string[]): Promise<Dataset> {
  const images: DatasetImage[] = [];
  const art: ArtFile[] = [];
  const negatives: string[] = [];
  for (const path of paths) {
    const annotated = (await isDirectory(path)) ? await readAnnotated(path) : undefined;
    if (annotated !== undefined) {
      images.push(...ofBrand(annotated, name, path));
      negatives.push(...annotated.negatives);
      continue;
    }
    for (const file of await filesOf(path)) {
      if (isVector(file) || (await pictureFacts(file)).alpha) art.push({ label: name, file });
      else images.push(await weakImage(file, name));
    }
  }
  return { format: 'pictures', root: resolve('.'), brands: [name], images, art, negatives };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new LogowatchError(
      'image-unreadable',
      errnoCode(cause) === 'ENOENT' ? 'No such file or folder' : 'Cannot be read',
      { value: path, remedy: 'Check the path', cause },
    );
  }
}

async function readAnnotated(path: string): Promise<Dataset | undefined> {
  const root = resolve(path);
  for (const reader of ANNOTATED_READERS) if (await reader.matches(root)) return reader.read(root);
  return undefined;
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await isDirectory(path))) return [resolve(path)];
  const files = await listTree(resolve(path), (f) => isPicture(f) || isVector(f));
  if (files.length === 0)
    throw invalid('the folder holds no picture', path, 'Name one to five pictures of the logo, or its art');
  return files;
}

/** The brand's boxes under the new name; pictures that show other labels alone are left out. */
function ofBrand(dataset: Dataset, name: string, path: string): DatasetImage[] {
  const label = dataset.brands.includes(name) ? name : dataset.brands[0]!;
  if (label !== name && dataset.brands.length > 1)
    throw new LogowatchError(
      'usage',
      `The data set has ${dataset.brands.length} labels, none of them ${name}`,
      {
        value: `${path}: ${dataset.brands.join(', ')}`,
        remedy: 'Name the brand as one of its labels, or give a data set of this brand alone',
      },
    );
  return dataset.images.flatMap((image) => {
    const boxes = image.boxes.filter((b) => b.label === label).map(({ box }) => ({ label: name, box }));
    return boxes.length > 0 ? [{ ...image, boxes }] : [];
  });
}
