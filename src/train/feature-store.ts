import { type FileHandle, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TRUNK_TAPS } from '../infer/network.js';
import type { Target } from './compose/target.js';
import { type FeatureBatch, gridSize } from './head/head-session.js';
import type { ChannelStatistics, Statistics } from './head/quantiser.js';
import { storageError } from './storage-error.js';

export interface StoredFrame {
  readonly width: number;
  readonly height: number;
  readonly targets: readonly Target[];
}

interface Place extends StoredFrame {
  /** Bytes from the start of the file. */
  readonly offset: number;
}

interface Saved {
  readonly key: string;
  readonly frames: Place[];
  readonly statistics?: [number, ChannelStatistics][];
}

const SAVE_EVERY = 64;

export function featureBytes(width: number, height: number): number {
  return TRUNK_TAPS.reduce(
    (sum, t) => sum + gridSize(width, t.stride) * gridSize(height, t.stride) * t.channels,
    0,
  );
}

/**
 * Quantised features of composed frames on disk, about 0.3 MB a frame: `NAME.bin` and, telling which frames it
 * holds, `NAME.json`. A run that was cut off goes on behind the last frame that the latter knows.
 */
export class FeatureStore {
  readonly frames: Place[];
  /** True where an earlier run of the same key left its files, however few frames they hold. */
  readonly resumed: boolean;
  statistics: Statistics | undefined;
  readonly #file: FileHandle;
  readonly #index: string;
  readonly #key: string;
  #unsaved = 0;

  private constructor(file: FileHandle, index: string, key: string, saved: Saved | undefined) {
    this.#file = file;
    this.#index = index;
    this.#key = key;
    this.resumed = saved !== undefined;
    this.frames = saved?.frames ?? [];
    this.statistics = saved?.statistics && new Map(saved.statistics);
  }

  /**
   * @param key names what the frames are made from; a store of another key starts empty. Errors: disk-full, usage, as
   * for all that writes here.
   */
  static async open(folder: string, name: string, key: string): Promise<FeatureStore> {
    const index = join(folder, `${name}.json`);
    const saved: Saved | undefined = await readFile(index, 'utf8').then(
      (t) => JSON.parse(t),
      () => undefined,
    );
    const known = saved?.key === key ? saved : undefined;
    return stored(folder, async () => {
      await mkdir(folder, { recursive: true });
      const file = await open(join(folder, `${name}.bin`), known ? 'r+' : 'w+');
      return new FeatureStore(file, index, key, known);
    });
  }

  async append(frame: StoredFrame, codes: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const last = this.frames.at(-1);
    const offset = last ? last.offset + featureBytes(last.width, last.height) : 0;
    const data = Buffer.concat(TRUNK_TAPS.map((t) => codes.get(t.stride)!));
    await stored(this.#index, () => writeWhole(this.#file, data, offset));
    const { width, height, targets } = frame;
    this.frames.push({ width, height, targets, offset });
    if (++this.#unsaved >= SAVE_EVERY) await this.save();
  }

  async save(): Promise<void> {
    this.#unsaved = 0;
    const statistics = this.statistics && [...this.statistics];
    const saved: Saved = { key: this.#key, frames: this.frames, ...(statistics && { statistics }) };
    await stored(this.#index, async () => {
      await writeFile(`${this.#index}.new`, JSON.stringify(saved));
      await rename(`${this.#index}.new`, this.#index);
    });
  }

  /** Frames of one shape, one behind the other. */
  async read(indices: readonly number[]): Promise<FeatureBatch> {
    const { width, height } = this.frames[indices[0]!]!;
    const sizes = TRUNK_TAPS.map((t) => gridSize(width, t.stride) * gridSize(height, t.stride) * t.channels);
    const codes = new Map(
      TRUNK_TAPS.map((t, i) => [t.stride as number, new Uint8Array(sizes[i]! * indices.length)]),
    );
    for (const [n, index] of indices.entries()) {
      let { offset } = this.frames[index]!;
      for (const [i, { stride }] of TRUNK_TAPS.entries()) {
        const size = sizes[i]!;
        await this.#file.read(codes.get(stride)!, n * size, size, offset);
        offset += size;
      }
    }
    return { count: indices.length, width, height, codes };
  }

  /** Frame indices in batches of one shape each, in the order given. */
  batches(order: ArrayLike<number>, size: number): number[][] {
    const open = new Map<string, number[]>();
    const batches: number[][] = [];
    for (let i = 0; i < order.length; i++) {
      const { width, height } = this.frames[order[i]!]!;
      const key = `${width}x${height}`;
      const batch = open.get(key) ?? [];
      batch.push(order[i]!);
      open.set(key, batch);
      if (batch.length < size) continue;
      batches.push(batch);
      open.delete(key);
    }
    return [...batches, ...open.values()];
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** A full disk takes a part of a write without an error: only the rest of it fails. */
async function writeWhole(file: FileHandle, data: Buffer, offset: number): Promise<void> {
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
