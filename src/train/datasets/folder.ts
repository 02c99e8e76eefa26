import { basename, extname, join } from 'node:path';
import { weakImage } from './boxes.js';
import { type ArtFile, type Dataset, type DatasetImage, type DatasetReader, invalid } from './dataset.js';
import { isFolder, isPicture, isVector, listFolder, listTree, mapLimited, pictureFacts } from './files.js';

/** Class folders that say "none of the brands". */
const NEGATIVE_FOLDERS = /^_?(background|negatives?|none|no-?logo|other|others|unknown)$/i;

/**
 * A folder per class. SVG files and pictures with transparency are logo art; other pictures are photos of which
 * only the brand is known.
 */
export const folderReader: DatasetReader = {
  format: 'folder per class',
  async matches(root) {
    for (const name of await listFolder(root)) {
      const folder = join(root, name);
      if (!(await isFolder(folder))) continue;
      if ((await listTree(folder, (f) => isPicture(f) || isVector(f))).length > 0) return true;
    }
    return false;
  },
  async read(root) {
    const images: DatasetImage[] = [];
    const art: ArtFile[] = [];
    const negatives: string[] = [];
    const brands: string[] = [];
    for (const name of await listFolder(root)) {
      const folder = join(root, name);
      if (!(await isFolder(folder))) continue;
      const files = await listTree(folder, (f) => isPicture(f) || isVector(f));
      if (NEGATIVE_FOLDERS.test(name)) {
        negatives.push(...files.filter(isPicture));
        continue;
      }
      if (files.length === 0)
        throw invalid(
          'a class folder holds no picture',
          folder,
          'Add pictures of the logo or remove the folder',
        );
      brands.push(name);
      await mapLimited(files, 8, async (file) => {
        if (isVector(file) || (await pictureFacts(file)).alpha) art.push({ label: name, file });
        else images.push(await weakImage(file, name));
      });
    }
    if (brands.length === 0)
      throw invalid('no class folder found', root, 'Make one folder a brand, named as the brand');
    const byFile = (a: { file: string }, b: { file: string }): number => (a.file < b.file ? -1 : 1);
    return {
      format: this.format,
      root,
      brands,
      images: images.sort(byFile),
      art: art.sort(byFile),
      negatives,
    };
  },
};

/** A flat folder of SVG or PNG files, each named as its brand. */
export const artReader: DatasetReader = {
  format: 'logo art',
  async matches(root) {
    return (await listFolder(root)).some((f) => isVector(f) || extname(f).toLowerCase() === '.png');
  },
  async read(root): Promise<Dataset> {
    const art: ArtFile[] = [];
    for (const name of await listFolder(root)) {
      const file = join(root, name);
      if (!isVector(name) && !isPicture(name)) continue;
      if (!isVector(name) && extname(name).toLowerCase() !== '.png')
        throw invalid(
          'a photo lies among logo art',
          file,
          'Put photos into one folder a brand, or annotate them (COCO, YOLO, VOC)',
        );
      art.push({ label: basename(name, extname(name)), file });
    }
    return {
      format: this.format,
      root,
      brands: art.map((a) => a.label).sort(),
      images: [],
      art,
      negatives: [],
    };
  },
};
