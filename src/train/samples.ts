import { type FileHandle, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CROP_CHANNELS, TOWER_CHANNELS } from '../infer/network.js';
import { storageError } from './storage-error.js';

/** What a picture taught: places of the first look and crops of the second, each with its brand or NO_BRAND. */
export interface FrameSamples {
  /** Brands to be seen in it, hardly visible ones left out. */
  readonly brands: readonly number[];
  /** A hardly visible logo makes it neither a positive nor a negative. */
  readonly unclear: boolean;
  readonly cells: SampleSet;
  readonly crops: SampleSet;
}

export interface SampleSet {
  /** Row by row; towers are 0..6. */
  readonly data: Float32Array;
  readonly labels: Int16Array;
}

export const NO_BRAND = -1;
/** Floats a row. */
export const CELL_INPUTS = TOWER_CHANNELS;
export const CROP_INPUTS = CROP_CHANNELS;

interface Entry {
  readonly brands: readonly number[];
  readonly unclear: boolean;
  readonly cells: number;
  readonly crops: number;
}

const bytesOf = ({ cells, crops }: Entry): number =>
  cells * (2 + 4 * CELL_INPUTS) + crops * (2 + 4 * CROP_INPUTS);

const SAVE_EVERY = 64;

/**
 * Samples of composed frames, in memory and on disk (about 40 kB a frame): `NAME.bin` and, telling which frames it
 * holds, `NAME.json`. A run that was cut off goes on behind the last frame that the latter knows.
 */
export class SampleStore {
  readonly frames: FrameSamples[] = [];
  readonly #file: FileHandle;
  readonly #index: string;
  readonly #key: string;
  readonly #entries: Entry[] = [];
  /** True where an earlier run of the same key left its files, however few frames they hold. */
  readonly resumed: boolean;
  #end = 0;
  #unsaved = 0;

  private constructor(file: FileHandle, index: string, key: string, resumed: boolean) {
    this.#file = file;
    this.#index = index;
    this.#key = key;
    this.resumed = resumed;
  }

  /**
   * @param key names what the frames are made from; a store of another key starts empty. Errors: disk-full, usage, as
   * for all that writes here.
   */
  static async open(folder: string, name: string, key: string): Promise<SampleStore> {
    const index = join(folder, `${name}.json`);
    const saved = await readFile(index, 'utf8').then(
      (text) => JSON.parse(text) as { key: string; entries: Entry[] },
      () => undefined,
    );
    const known = saved?.key === key;
    const file = await stored(folder, async () => {
      await mkdir(folder, { recursive: true });
      return open(join(folder, `${name}.bin`), known ? 'r+' : 'w+');
    });
    const store = new SampleStore(file, index, key, known);
    for (const entry of known ? saved.entries : []) await store.#read(entry);
    return store;
  }

  async append(frame: FrameSamples): Promise<void> {
    const { cells, crops } = frame;
    const start = this.#end;
    try {
      for (const part of [cells.labels, cells.data, crops.labels, crops.data]) {
        const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
        await stored(this.#index, () => writeWhole(this.#file, bytes, this.#end));
        this.#end += bytes.length;
      }
    } catch (error) {
      // A part of a frame is of no use, and its room is what the index needs.
      await this.#cut(start);
      throw error;
    }
    this.frames.push(frame);
    const { brands, unclear } = frame;
    this.#entries.push({ brands, unclear, cells: cells.labels.length, crops: crops.labels.length });
    if (++this.#unsaved >= SAVE_EVERY) await this.save();
  }

  /** Appends what `make` gives for each index up to `count`, from where the store ends; what was made is saved at every stop. */
  async fill(
    count: number,
    make: (index: number) => Promise<FrameSamples>,
    {
      signal,
      onDone,
    }: { signal?: AbortSignal | undefined; onDone?: ((done: number) => void) | undefined } = {},
  ): Promise<void> {
    try {
      for (let i = this.frames.length; i < count; i++) {
        signal?.throwIfAborted();
        await this.append(await make(i));
        onDone?.(i + 1);
      }
    } finally {
      await this.save();
    }
  }

  /** On a full disk the last frame makes room for the index, so that the others are not lost; it fails nevertheless. */
  async save(): Promise<void> {
    try {
      await this.#saveIndex();
    } catch (error) {
      const last = this.#entries.pop();
      if (last !== undefined) {
        this.frames.pop();
        await this.#cut(this.#end - bytesOf(last));
        await this.#saveIndex();
      }
      throw error;
    }
  }

  async #cut(end: number): Promise<void> {
    this.#end = end;
    await stored(this.#index, () => this.#file.truncate(end));
  }

  async #saveIndex(): Promise<void> {
    this.#unsaved = 0;
    const saved = JSON.stringify({ key: this.#key, entries: this.#entries });
    await stored(this.#index, async () => {
      await writeFile(`${this.#index}.new`, saved);
      await rename(`${this.#index}.new`, this.#index);
    });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #read(entry: Entry): Promise<void> {
    const part = async (rows: number, width: number): Promise<SampleSet> => {
      const labels = new Int16Array(rows);
      const data = new Float32Array(rows * width);
      for (const target of [labels, data]) {
        const bytes = new Uint8Array(target.buffer);
        await this.#file.read(bytes, 0, bytes.length, this.#end);
        this.#end += bytes.length;
      }
      return { labels, data };
    };
    const cells = await part(entry.cells, CELL_INPUTS);
    const crops = await part(entry.crops, CROP_INPUTS);
    this.frames.push({ brands: entry.brands, unclear: entry.unclear, cells, crops });
    this.#entries.push(entry);
  }
}

/** A full disk takes a part of a write without an error: only the rest of it fails. */
async function writeWhole(file: FileHandle, data: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}

async function stored<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storageError(cause, path);
  }
}
