import type { StreamEntry } from './entry.js';

/** All streams that are to be watched, by id, wherever they run. */
export interface StreamDirectory {
  entries(): ReadonlyMap<string, StreamEntry>;
  /** Resolves once this process sees it too. */
  put(entry: StreamEntry): Promise<void>;
  remove(id: string): Promise<void>;
  /** One listener, called after every change. */
  onChange: () => void;
}

/** Of one process; nothing outlives it. */
export class MemoryDirectory implements StreamDirectory {
  readonly #entries = new Map<string, StreamEntry>();
  onChange = () => {};

  entries(): ReadonlyMap<string, StreamEntry> {
    return this.#entries;
  }

  async put(entry: StreamEntry): Promise<void> {
    this.#entries.set(entry.stream.id, entry);
    this.onChange();
  }

  async remove(id: string): Promise<void> {
    this.#entries.delete(id);
    this.onChange();
  }
}
