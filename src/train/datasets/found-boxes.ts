import { join } from 'node:path';
import { FOUND_BOXES_FILE, readCoco } from './coco.js';
import type { Dataset } from './dataset.js';
import { isFile } from './files.js';

/**
 * The data set with the boxes of its FOUND_BOXES_FILE, if it has one: what an earlier training found in pictures
 * without boxes, looked through and corrected by the user. Pictures that the file gives no box stay without one.
 */
export async function withFoundBoxes(dataset: Dataset): Promise<Dataset> {
  const file = join(dataset.root, FOUND_BOXES_FILE);
  if (!(await isFile(file))) return dataset;
  const { images } = await readCoco(dataset.root, file, { missing: 'skip' });
  const found = new Map(images.filter((i) => i.boxes.length > 0).map((i) => [i.file, i]));
  const known = new Set(dataset.brands);
  return {
    ...dataset,
    images: dataset.images.map((image) => {
      const boxed = image.weak ? found.get(image.file) : undefined;
      return boxed?.boxes.every((b) => known.has(b.label)) ? boxed : image;
    }),
  };
}
