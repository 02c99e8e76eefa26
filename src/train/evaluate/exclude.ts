import { readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LogowatchError } from '../../core/errors.js';
import { mapLimited } from '../datasets/files.js';

const LANES = 16;

/** Pictures that a person has looked at and that are to be left out. */
export class Exclusions {
  /** Paths as listed. */
  readonly listed: readonly string[];
  readonly #resolved: ReadonlySet<string>;

  constructor(listed: readonly string[], resolved: ReadonlySet<string>) {
    this.listed = listed;
    this.#resolved = resolved;
  }

  /** Those of the files that stay, in their order. */
  async keep(files: readonly string[]): Promise<string[]> {
    if (this.#resolved.size === 0) return [...files];
    const real = await mapLimited(files, LANES, canonical);
    return files.filter((_, i) => !this.#resolved.has(real[i]!));
  }
}

/**
 * A path a line, relative to the working folder or to the list's own; what follows a tab is a remark; lines that begin
 * with # are skipped. Errors: usage.
 */
export async function readExclusions(file: string | undefined): Promise<Exclusions> {
  if (file === undefined) return new Exclusions([], new Set());
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new LogowatchError('usage', 'The list of --exclude cannot be read', {
      value: file,
      remedy: 'Name a text file with the path of a picture a line',
      cause,
    });
  }
  const listed = text
    .split(/\r?\n/)
    .map((line) => line.split('\t')[0]!.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const places = listed.flatMap((path) => [resolve(path), resolve(dirname(file), path)]);
  return new Exclusions(listed, new Set(await mapLimited(places, LANES, canonical)));
}

async function canonical(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}
