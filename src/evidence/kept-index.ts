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

  /** The newest of them all. Returns what it replaces, unless it was in it already. */
  add(entry: Entry): Entry | undefined {
    const before = this.#entries.get(entry.appearanceId);
    if (before !== undefined) this.forget(before);
    this.#entries.set(entry.appearanceId, entry);
    this.#bytes += entry.bytes;
    return before?.name === entry.name ? undefined : before;
  }

  /** Entries of any age, some of which may be in it already. Returns those that newer ones replace. */
  merge(found: readonly Entry[]): readonly Entry[] {
    const others = found.filter((entry) => this.of(entry.appearanceId)?.name !== entry.name);
    if (others.length === 0) return [];
    const all = [...this, ...others].sort((a, b) => a.keptMs - b.keptMs);
    this.#entries.clear();
    this.#bytes = 0;
    return all.flatMap((entry) => this.add(entry) ?? []);
  }

  /** False where it is no longer in it. */
  forget(entry: Entry): boolean {
    if (this.#entries.get(entry.appearanceId) !== entry) return false;
    this.#entries.delete(entry.appearanceId);
    this.#bytes -= entry.bytes;
    return true;
  }
}
