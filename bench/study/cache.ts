import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the study keeps what it has worked out, unless told otherwise. */
export function defaultWorkFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'logowatch', 'study');
}

export function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  // Lengths go in as well, so that ['ab', 'c'] and ['a', 'bc'] differ.
  for (const part of parts) hash.update(`${part.length} `).update(part);
  return hash.digest('hex').slice(0, 32);
}

/**
 * Results under the hash of all that they depend on: what is there is right, and a run that was cut off goes on.
 */
export class WorkCache {
  readonly folder: string;
  readonly #contents = new Map<string, string>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(folder: string): Promise<WorkCache> {
    await mkdir(folder, { recursive: true });
    return new WorkCache(folder);
  }

  /** Hash of a file's bytes; each file is read once a run. */
  async contentOf(file: string): Promise<string> {
    const known = this.#contents.get(file);
    if (known !== undefined) return known;
    const content = hashOf(await readFile(file));
    this.#contents.set(file, content);
    return content;
  }

  /** `length` floats that `make` works out when they are not here yet. */
  async floats(key: string, length: number, make: () => Promise<Float32Array>): Promise<Float32Array> {
    const file = join(this.folder, `${key}.f32`);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes?.length === 4 * length)
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const made = await make();
    if (made.length !== length) throw new RangeError(`${made.length} values where ${length} are due`);
    await this.#write(file, Buffer.from(made.buffer, made.byteOffset, made.byteLength));
    return made;
  }

  async json<T>(key: string, make: () => Promise<T>): Promise<T> {
    const file = join(this.folder, `${key}.json`);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as T;
    const made = await make();
    await this.#write(file, JSON.stringify(made));
    return made;
  }

  async #write(file: string, content: string | Buffer): Promise<void> {
    const partial = `${file}.${process.pid}.partial`;
    await writeFile(partial, content);
    await rename(partial, file);
  }
}
