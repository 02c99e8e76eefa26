import type { Dirent } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode } from '../core/errors.js';
import { opaqueName } from './opaque-name.js';
import { type EvidenceRecord, parseRecord, RECORD_FILE, textOf } from './record.js';

/**
 * A folder of evidence: a folder a day, in it one for each appearance, under a random name. What has another name is not ours, and
 * is never read or removed.
 */
export const STAGING = 'staging';
const DAY = /^\d{4}-\d\d-\d\d$/;
const NAME = /^[0-9a-f]{32}$/;
/** Nobody writes for so long: what is staged since then was left by a process that died. */
const LEFT_MS = 3_600_000;

/** Where an appearance's evidence is. */
export interface Place {
  /** Day in UTC on which it was kept, like 2026-01-31. */
  readonly day: string;
  readonly name: string;
}

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const folderOf = (root: string, { day, name }: Place): string => join(root, day, name);

/** Files and folders take whole blocks. */
const BLOCK = 4096;
/** What an appearance takes on the disk, its folder included. */
export function entryBytes(record: EvidenceRecord): number {
  const { frame, crop, clip } = record;
  const sizes = [frame.bytes, crop.bytes, textOf(record).length, ...(clip ? [clip.bytes] : [])];
  return sizes.reduce((sum, size) => sum + Math.ceil(size / BLOCK) * BLOCK, BLOCK);
}

/** Oldest day first. */
export async function* placesIn(root: string): AsyncGenerator<Place> {
  for (const day of (await foldersIn(root, DAY)).sort())
    for (const name of await foldersIn(join(root, day), NAME)) yield { day, name };
}

/**
 * Of what is not whole, or is gone by now, `damaged`; undefined where this program cannot tell: written by a later version, or the
 * system does not let it be read.
 */
export async function recordAt(root: string, place: Place): Promise<EvidenceRecord | 'damaged' | undefined> {
  try {
    return parseRecord(await readFile(join(folderOf(root, place), RECORD_FILE), 'utf8'));
  } catch (error) {
    const damaged = error instanceof SyntaxError || errnoCode(error) === 'ENOENT';
    return damaged ? 'damaged' : undefined;
  }
}

type Files = ReadonlyMap<string, Buffer>;

/** A folder that appears whole or not at all. Errors: the system's. */
export async function putAt(root: string, place: Place, files: Files): Promise<void> {
  await staged(root, files, async (folder) => {
    await mkdir(join(root, place.day), { recursive: true, mode: 0o700 });
    await rename(folder, folderOf(root, place));
  });
}

/** Each whole or not at all, one after the other, to a folder that is there. Errors: the system's; ENOENT where it is gone. */
export async function addAt(root: string, place: Place, files: Files): Promise<void> {
  await staged(root, files, async (folder) => {
    for (const name of files.keys()) await rename(join(folder, name), join(folderOf(root, place), name));
    await rmdir(folder);
  });
}

async function staged(root: string, files: Files, move: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(root, STAGING, opaqueName());
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [name, content] of files) await writeFile(join(folder, name), content, { mode: 0o600 });
    await move(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

export async function removeAt(root: string, place: Place): Promise<void> {
  await rm(folderOf(root, place), { recursive: true, force: true });
}

/** What a process that died had begun to write, and days that nothing is left of. */
export async function tidy(root: string, nowMs: number): Promise<void> {
  for (const name of await foldersIn(join(root, STAGING), NAME)) {
    const path = join(root, STAGING, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.NaN }));
    if (nowMs - mtimeMs > LEFT_MS) await rm(path, { recursive: true, force: true });
  }
  // Today's may be about to be written to. One that holds something stays.
  for (const day of await foldersIn(root, DAY))
    if (day < dayOf(nowMs)) await rmdir(join(root, day)).catch(() => undefined);
}

async function foldersIn(path: string, named: RegExp): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown): Dirent[] => {
    if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return [];
    throw error;
  });
  return entries.filter((e) => e.isDirectory() && named.test(e.name)).map((e) => e.name);
}
