import { resolve } from 'node:path';
import { cocoReader } from './coco.js';
import { type Dataset, type DatasetReader, invalid } from './dataset.js';
import { isFolder } from './files.js';
import { artReader, folderReader } from './folder.js';
import { withFoundBoxes } from './found-boxes.js';
import { vocReader } from './voc.js';
import { yoloReader } from './yolo.js';

/** Formats that give boxes. */
export const ANNOTATED_READERS: readonly DatasetReader[] = [cocoReader, yoloReader, vocReader];

/** In the order in which they are tried: annotated formats first, then what only folders tell. */
export const DATASET_READERS: readonly DatasetReader[] = [...ANNOTATED_READERS, folderReader, artReader];

/**
 * Reads the parts of one data set, each of any format: brands of the same name are the same. The first part's folder
 * is the root. Throws dataset-invalid.
 */
export async function readDatasets(paths: readonly string[]): Promise<Dataset> {
  const parts: Dataset[] = [];
  for (const path of paths) parts.push(await readDataset(path));
  const [first, ...others] = parts;
  if (first === undefined) throw invalid('no data set is named', '', 'Name the folder that holds it');
  return {
    format: [...new Set(parts.map((p) => p.format))].join(' and '),
    root: first.root,
    brands: others.length === 0 ? first.brands : [...new Set(parts.flatMap((p) => p.brands))].sort(),
    images: parts.flatMap((p) => p.images),
    art: parts.flatMap((p) => p.art),
    negatives: parts.flatMap((p) => p.negatives),
  };
}

/** Reads a data set of any known format. Throws dataset-invalid, naming the file and the line or field. */
export async function readDataset(path: string): Promise<Dataset> {
  const root = resolve(path);
  if (!(await isFolder(root)))
    throw invalid('the data set is not a folder', path, 'Name the folder that holds it');
  for (const reader of DATASET_READERS)
    if (await reader.matches(root)) return withFoundBoxes(await reader.read(root));
  throw invalid(
    'no data set found in the folder',
    path,
    'Bring one folder a brand, COCO (_annotations.coco.json), YOLO (data.yaml), Pascal VOC (*.xml) or logo art (SVG, PNG)',
  );
}
