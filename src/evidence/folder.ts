import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, LogowatchError } from '../core/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { type Entry, KeptIndex } from './kept-index.js';
import type { KeptFrame } from './picture.js';
import {
  CROP_FILE,
  type EvidenceRecord,
  FRAME_FILE,
  keptFrameOf,
  type NewEvidence,
  opaqueName,
  sha256,
} from './record.js';
import { dayOf, folderOf, type Place, placesIn, recordAt, removeAt, STAGING, tidy } from './tree.js';

export interface FolderOptions {
  readonly path: string;
  readonly days: number;
  /** On the disk, of the whole folder. */
  readonly maxBytes: number;
  readonly telemetry: Telemetry;
  readonly now?: () => number;
}

const SWEEP_EVERY_MS = 3_600_000;
/** Records that are read side by side. */
const READ_MAX = 64;
const DAY_MS = 86_400_000;
/** Files and folders take whole blocks. */
const BLOCK = 4096;
const onDisk = (sizes: readonly number[]): number =>
  sizes.reduce((sum, size) => sum + Math.ceil(size / BLOCK) * BLOCK, BLOCK);

/**
 * Evidence on a disk: the pictures of an appearance and a record of them, in a folder that appears whole or not at all. What is too
 * old goes, and the oldest where there is too much. Several processes may have one folder: each learns of the others' within the hour.
 */
export class EvidenceFolder {
  readonly path: string;
  readonly #options: FolderOptions;
  readonly #now: () => number;
  readonly #kept = new KeptIndex();
  readonly #timer: NodeJS.Timeout;
  readonly #loaded: Promise<void>;
  #closed = false;
  #swept: Promise<void> = Promise.resolve();

  /** Errors: config-invalid where the folder cannot be written to. */
  static async open(options: FolderOptions): Promise<EvidenceFolder> {
    const { path } = options;
    try {
      await mkdir(join(path, STAGING), { recursive: true, mode: 0o700 });
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new LogowatchError('config-invalid', 'Evidence cannot be kept in this folder', {
        value: path,
        remedy: `Name a folder that can be written to with evidence.path (${errnoCode(cause) ?? String(cause)})`,
        cause,
      });
    }
    return new EvidenceFolder(options);
  }

  private constructor(options: FolderOptions) {
    this.path = options.path;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    // Of tens of thousands this takes seconds: only who asks for one of them waits for it.
    this.#loaded = this.sweep();
    this.#timer = setInterval(() => void this.sweep(), SWEEP_EVERY_MS);
    this.#timer.unref();
  }

  /** Bytes on the disk; once what is there was read. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** The evidence is there, whole, when it resolves. What there was of the appearance is replaced. Errors: the system's. */
  async put({ record, files }: NewEvidence): Promise<void> {
    const bytes = onDisk([...files.values()].map((f) => f.length));
    await this.#makeRoom(this.#options.maxBytes - bytes);
    const keptMs = Date.parse(record.keptAt);
    const place: Place = { day: dayOf(keptMs), name: opaqueName() };
    const staged = join(this.path, STAGING, place.name);
    try {
      await mkdir(staged, { recursive: true, mode: 0o700 });
      for (const [name, content] of files) await writeFile(join(staged, name), content, { mode: 0o600 });
      await mkdir(join(this.path, place.day), { recursive: true, mode: 0o700 });
      await rename(staged, folderOf(this.path, place));
    } catch (error) {
      await rm(staged, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
    const { appearanceId, frame } = record;
    const before = this.#kept.add({ ...place, appearanceId, frameId: frame.id, keptMs, bytes });
    if (before !== undefined) await removeAt(this.path, before);
    this.#options.telemetry.emit({ type: 'evidence-kept', bytes: this.#kept.bytes });
  }

  /** The best frame of an appearance, where it is there and as it was written. */
  of(appearanceId: string): Promise<KeptFrame | undefined> {
    return this.#frameOf(() => this.#kept.of(appearanceId));
  }

  /** By the frame's own id. */
  frame(frameId: string): Promise<KeptFrame | undefined> {
    return this.#frameOf(() => this.#kept.withFrame(frameId));
  }

  async crop(appearanceId: string): Promise<Buffer | undefined> {
    const entry = await this.#found(() => this.#kept.of(appearanceId));
    const record = entry && (await this.#record(entry));
    return record && this.#checked(entry, CROP_FILE, record.crop.sha256);
  }

  /** Takes in what others have written or removed, and removes what is too old or too much. Never fails. */
  sweep(): Promise<void> {
    this.#swept = this.#swept.then(() => this.#sweepOrSay());
    return this.#swept;
  }

  /** What is under way is finished, but the reading of what was there. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#swept;
  }

  async #frameOf(find: () => Entry | undefined): Promise<KeptFrame | undefined> {
    const entry = await this.#found(find);
    const record = entry && (await this.#record(entry));
    const jpeg = record && (await this.#checked(entry, FRAME_FILE, record.frame.sha256));
    return jpeg && keptFrameOf(record, jpeg);
  }

  async #found(find: () => Entry | undefined): Promise<Entry | undefined> {
    const entry = find();
    if (entry !== undefined) return entry;
    await this.#loaded;
    return find();
  }

  async #record(entry: Entry): Promise<EvidenceRecord | undefined> {
    const record = await recordAt(this.path, entry);
    if (record !== 'damaged') return record;
    // Somebody has erased it.
    this.#kept.forget(entry);
    return undefined;
  }

  async #checked(entry: Entry, file: string, hash: string): Promise<Buffer | undefined> {
    const bytes = await readFile(join(folderOf(this.path, entry), file)).catch(() => undefined);
    if (bytes === undefined || sha256(bytes) === hash) return bytes;
    const message = `evidence ${entry.day}/${entry.name}/${file} is not what was written: it is not shown`;
    this.#options.telemetry.emit({ type: 'warning', message });
    return undefined;
  }

  async #sweepOrSay(): Promise<void> {
    const { telemetry } = this.#options;
    try {
      await this.#sweep();
    } catch (error) {
      const why = errnoCode(error) ?? String(error);
      telemetry.emit({
        type: 'warning',
        message: `evidence in ${this.path} cannot be read or removed: ${why}`,
      });
    }
    telemetry.emit({ type: 'evidence-swept', bytes: this.#kept.bytes });
  }

  async #sweep(): Promise<void> {
    const oldest = this.#now() - this.#options.days * DAY_MS;
    const found: Entry[] = [];
    const known = new Map([...this.#kept].map((e) => [e.name, e]));
    const others: Place[] = [];
    for await (const place of placesIn(this.path)) if (!known.delete(place.name)) others.push(place);
    for (let i = 0; i < others.length; i += READ_MAX) {
      const read = others.slice(i, i + READ_MAX).map((place) => this.#entryAt(place, oldest));
      found.push(...(await Promise.all(read)).filter((entry) => entry !== undefined));
      if (this.#closed) return;
    }
    for (const gone of known.values()) this.#kept.forget(gone);
    // Written anew by a process that died before it had removed the old one.
    for (const double of this.#kept.merge(found)) await removeAt(this.path, double);
    await this.#removeWhile((e) => e.keptMs < oldest, 'age');
    await this.#makeRoom(this.#options.maxBytes);
    await tidy(this.path, this.#now());
  }

  async #entryAt(place: Place, oldest: number): Promise<Entry | undefined> {
    const record = await recordAt(this.path, place);
    // What nobody could find to erase it goes at once, what a later version wrote when it is too old.
    if (record === 'damaged' || (record === undefined && Date.parse(place.day) + DAY_MS < oldest))
      await removeAt(this.path, place);
    if (record === undefined || record === 'damaged') return undefined;
    const { appearanceId, frame, crop, keptAt } = record;
    const text = Buffer.byteLength(JSON.stringify(record, null, 1));
    const bytes = onDisk([frame.bytes, crop.bytes, text]);
    return { ...place, appearanceId, frameId: frame.id, keptMs: Date.parse(keptAt), bytes };
  }

  #makeRoom(bytes: number): Promise<void> {
    return this.#removeWhile(() => this.#kept.bytes > bytes, 'space');
  }

  async #removeWhile(goes: (entry: Entry) => boolean, reason: 'age' | 'space'): Promise<void> {
    let count = 0;
    for (const entry of this.#kept) {
      if (!goes(entry)) break;
      await removeAt(this.path, entry);
      if (this.#kept.forget(entry)) count++;
    }
    if (count > 0) this.#options.telemetry.emit({ type: 'evidence-removed', count, reason });
  }
}
