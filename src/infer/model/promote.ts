import { randomUUID } from 'node:crypto';
import { copyFile, cp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDiskFull, LogowatchError } from '../../core/errors.js';
import type { FileReference } from '../manifest.js';
import { sha256 } from '../network/files.js';
import { MANIFEST_FILE, readManifest } from './load.js';
import { removeOlder } from './save.js';
import { parseAnyManifest } from './wrapped.js';

const REPORT_FILE = 'report.html';

/**
 * Puts the model of one folder in the place of another's: at every moment the folder holds the old model or the new one, whole,
 * since files bear their hashes and model.json comes last, by one rename. The old one is kept beside it.
 * @returns the folder of the old model
 * Errors: model-missing, model-damaged, model-incompatible, usage, disk-full.
 */
export async function promoteModel(from: string, to: string): Promise<string> {
  if (resolve(from) === resolve(to))
    throw new LogowatchError('usage', 'A model cannot take its own place', { value: from });
  const next = await readManifest(from);
  parseAnyManifest(next.value, next.path);
  const old = await readManifest(to);
  const kept = `${resolve(to)}.previous-${sha256(old.bytes).slice(0, 12)}`;
  try {
    await keep(to, kept);
    const files = referencesIn(next.value);
    const there = new Set(await readdir(from));
    for (const { file } of files) if (there.has(file)) await put(from, to, file);
    await put(from, to, MANIFEST_FILE);
    if (there.has(REPORT_FILE)) await put(from, to, REPORT_FILE);
    await removeOlder(to, files);
    return kept;
  } catch (cause) {
    if (cause instanceof LogowatchError) throw cause;
    throw new LogowatchError(isDiskFull(cause) ? 'disk-full' : 'usage', 'The model cannot be put in place', {
      value: to,
      remedy: isDiskFull(cause)
        ? 'Free some space'
        : 'Check that the folder, and the one it is in, can be written',
      cause,
    });
  }
}

/** A copy under its own hash: an earlier one of the same model is the same. */
async function keep(folder: string, kept: string): Promise<void> {
  const staged = `${kept}.${randomUUID()}`;
  try {
    await cp(folder, staged, { recursive: true });
    await rm(kept, { recursive: true, force: true });
    await rename(staged, kept);
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

async function put(from: string, to: string, file: string): Promise<void> {
  const staged = join(to, `.promoting-${randomUUID()}`);
  try {
    await copyFile(join(from, file), staged);
    await rename(staged, join(to, file));
  } finally {
    await rm(staged, { force: true });
  }
}

/** All files that a manifest of any kind names; those of the shipped networks lie elsewhere. */
function referencesIn(value: unknown): FileReference[] {
  if (typeof value !== 'object' || value === null) return [];
  const { file, sha256: hash } = value as Partial<FileReference>;
  if (typeof file === 'string' && typeof hash === 'string') return [{ file, sha256: hash }];
  return Object.values(value).flatMap(referencesIn);
}
