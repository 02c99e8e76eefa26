import type { Place } from './tree.js';

/** What is in memory of each appearance. */
export interface Entry extends Place {
  readonly appearanceId: string;
  readonly frameId: string;
  readonly keptMs: number;
  /** On the disk. */
  readonly bytes: number;
}

/** What a folder holds: one entry an appearance, oldest first. */
export class KeptIndex {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries may be forgotten while they are gone through. */
  [Symbol.iterator](): IterableIterator<Entry> {
    return this.#entries.values();
  }

  of(appearanceId: string): Entry | undefined {
    return this.#entries.get(appearanceId);
  }

  /** Two appearances may share a frame: either's will do. */
  withFrame(frameId: string): Entry | undefined {
    for (const entry of this) if (entry.frameId === frameId) return entry;
    return undefined;
  }

  /** The newest of them all. Returns what it replaces. */
  add(entry: Entry): Entry | undefined {
    const before = this.#entries.get(entry.appearanceId);
    if (before !== undefined) this.forget(before);
    this.#entries.set(entry.appearanceId, entry);
    this.#bytes += entry.bytes;
    return before;
  }

  /** Entries of any age. Returns those that newer ones replace. */
  merge(found: readonly Entry[]): readonly Entry[] {
    if (found.length === 0) return [];
    const all = [...this, ...found].sort((a, b) => a.keptMs - b.keptMs);
    this.#entries.clear();
    this.#bytes = 0;
    return all.flatMap((entry) => this.add(entry) ?? []);
  }

  forget(entry: Entry): void {
    if (this.#entries.get(entry.appearanceId) !== entry) return;
    this.#entries.delete(entry.appearanceId);
    this.#bytes -= entry.bytes;
  }
}
