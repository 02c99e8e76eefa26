import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, LogowatchError } from '../core/errors.js';

const PICTURE = /\.(jpe?g|png|webp|gif|svg|tiff?|avif|bmp)$/i;

export function isPictureFile(path: string): boolean {
  return PICTURE.test(path);
}

/** The path itself, or the pictures below a folder, sorted. Errors: image-unreadable where there are none. */
export async function pictureFiles(path: string): Promise<string[]> {
  const found = await filesBelow(path, isPictureFile);
  if (found === undefined) return [path];
  if (found.length > 0) return found;
  throw new LogowatchError('image-unreadable', 'The folder holds no pictures', {
    value: path,
    remedy: 'Name a folder with JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG files',
  });
}

/** The wanted files below a folder, sorted; undefined where the path is no folder. Errors: image-unreadable. */
export async function filesBelow(
  path: string,
  wanted: (name: string) => boolean,
): Promise<string[] | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return undefined;
  } catch (cause) {
    const missing = errnoCode(cause) === 'ENOENT';
    throw new LogowatchError('image-unreadable', missing ? 'No such file or folder' : 'Cannot be read', {
      value: path,
      remedy: 'Check the path',
      cause,
    });
  }
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile() && wanted(e.name))
    .map((e) => join(e.parentPath, e.name))
    .sort();
}
