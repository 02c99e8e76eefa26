import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { LogowatchError } from '../../core/errors.js';
import { invalid } from './dataset.js';

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif']);
/** Pictures in one data set; beyond it a path was surely mistaken (a home folder, a disk). */
const MAX_FILES = 500_000;

export function isPicture(file: string): boolean {
  return PICTURES.has(extname(file).toLowerCase());
}

export function isVector(file: string): boolean {
  return extname(file).toLowerCase() === '.svg';
}

export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** Names in a folder, sorted, without hidden ones. */
export async function listFolder(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
}

/** All files below a folder, sorted by path: the same list on every machine. */
export async function listTree(folder: string, wanted: (file: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await listTree(path, wanted)));
    else if (wanted(path)) found.push(path);
    if (found.length > MAX_FILES)
      throw invalid(`more than ${MAX_FILES} files`, folder, 'Name the folder that holds the pictures alone');
  }
  return found;
}

export interface PictureFacts {
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
}

/** Size from the header alone, upright as EXIF says. Throws image-unreadable with the file's name. */
export async function pictureFacts(file: string): Promise<PictureFacts> {
  try {
    const { autoOrient, hasAlpha } = await sharp(file).metadata();
    return { width: autoOrient.width, height: autoOrient.height, alpha: hasAlpha ?? false };
  } catch (cause) {
    throw new LogowatchError('image-unreadable', 'a picture of the data set cannot be read', {
      value: file,
      remedy: 'Remove the file or replace it by a whole JPEG, PNG or WebP',
      cause,
    });
  }
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid('an annotation file cannot be read', file, 'Check the path and its permissions', cause);
  }
}

/** Runs `work` on each item, a few at a time, and keeps the order. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
