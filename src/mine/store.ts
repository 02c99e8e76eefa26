import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { CANDIDATES_FILE, type Candidate, FRAMES_FOLDER, PAGE_FILE } from './candidate.js';
import type { Look } from './look.js';
import { renderPage } from './page.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pictures are kept at most this large, as training decodes them. */
const SIDE_MAX_PX = 1280;
const JPEG = { quality: 92, chromaSubsampling: '4:4:4' };

/** Each round of mining has a folder of its own, so that verdicts never meet other candidates. Errors: usage. */
export async function openOutput(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: unknown): string[] => {
    if (errnoCode(cause) === 'ENOENT') return [];
    throw writeError(cause, folder);
  });
  if (names.length > 0) {
    throw new LogowatchError('usage', 'The output folder is not empty', {
      value: folder,
      remedy: 'Name a new folder with -o: each round of mining has its own',
    });
  }
  try {
    await mkdir(join(folder, FRAMES_FOLDER), { recursive: true });
  } catch (cause) {
    throw writeError(cause, folder);
  }
}

/** The picture without its letterbox, or the original made upright; answers with its size in pixels. */
export async function writeFrame(folder: string, file: string, look: Look): Promise<Size> {
  const { width, height, content, data } = look.image;
  const { x: left, y: top, ...size } = content;
  const picture =
    look.original === undefined
      ? sharp(data, { raw: { width, height, channels: 3 } }).extract({ left, top, ...size })
      : sharp(look.original)
          .autoOrient()
          .resize({ width: SIDE_MAX_PX, height: SIDE_MAX_PX, fit: 'inside', withoutEnlargement: true })
          .flatten({ background: 'white' })
          .toColourspace('srgb');
  const { data: bytes, info } = await picture.jpeg(JPEG).toBuffer({ resolveWithObject: true });
  await replaceFile(join(folder, file), bytes);
  return { width: info.width, height: info.height };
}

export async function removeFrame(folder: string, file: string): Promise<void> {
  await rm(join(folder, file), { force: true });
}

/** The list and the page; each file is the old one or the new one, whole. */
export async function writeResults(folder: string, candidates: readonly Candidate[]): Promise<void> {
  const lines = candidates.map((c) => `${JSON.stringify(c)}\n`).join('');
  await replaceFile(join(folder, CANDIDATES_FILE), lines);
  await replaceFile(join(folder, PAGE_FILE), renderPage(folder, candidates));
}

export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const staged = `${path}.${randomUUID()}`;
  try {
    await writeFile(staged, content);
    await rename(staged, path);
  } catch (cause) {
    await rm(staged, { force: true }).catch(() => undefined);
    throw writeError(cause, path);
  }
}

export function writeError(cause: unknown, path: string): LogowatchError {
  const full = errnoCode(cause) === 'ENOSPC';
  return new LogowatchError(full ? 'disk-full' : 'usage', 'Mining cannot write its files', {
    value: path,
    remedy: full
      ? 'Free some space, or keep fewer candidates with --limit'
      : 'Name a folder that can be written',
    cause,
  });
}
