import type { Dirent } from 'node:fs';
import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode } from '../core/errors.js';
import { type EvidenceRecord, parseRecord, RECORD_FILE } from './record.js';

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
