import { resolve } from 'node:path';
import { weakImage } from './boxes.js';
import { cocoFiles, readCoco } from './coco.js';
import { type ArtFile, type DatasetImage, invalid } from './dataset.js';
import { isFolder, isPicture, isVector, listTree } from './files.js';

/** What is never to be reported. */
export interface Negatives {
  /** Scenes. */
  readonly pictures: readonly string[];
  /** Other brands' logos, boxed or close up: pasted exactly as brands are. */
  readonly distractors: readonly DatasetImage[];
  /** Other brands' art. */
  readonly art: readonly ArtFile[];
}

/**
 * Folders of pictures without any of the brands. A COCO file with categories says that its pictures show other
 * logos; SVG files are other logos' art.
 */
export async function readNegatives(folders: readonly string[]): Promise<Negatives> {
  const pictures: string[] = [];
  const distractors: DatasetImage[] = [];
  const art: ArtFile[] = [];
  for (const path of folders) {
    const root = resolve(path);
    if (!(await isFolder(root)))
      throw invalid('--negatives is not a folder', path, 'Name a folder of pictures');
    const taken = new Set<string>();
    for (const file of await cocoFiles(root)) {
      const { coco, images } = await readCoco(root, file);
      if (coco.categories.length === 0) continue;
      for (const image of images) {
        taken.add(image.file);
        distractors.push(image.boxes.length > 0 ? image : await weakImage(image.file, ''));
      }
    }
    pictures.push(...(await listTree(root, isPicture)).filter((f) => !taken.has(f)));
    art.push(...(await listTree(root, isVector)).map((file) => ({ label: '', file })));
  }
  if (folders.length > 0 && pictures.length + distractors.length + art.length === 0)
    throw invalid('no pictures found', folders.join(', '), 'Name folders of pictures for --negatives');
  return { pictures, distractors, art };
}
