import { openStore, type StoreOptions } from './open.js';
import type { Store } from './store.js';

/** A store that is opened when it is first asked for, and again where that failed: a database may be away at the start. */
export class StoreHandle {
  readonly #options: StoreOptions;
  #store: Promise<Store> | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** Errors: as of openStore. */
  open(): Promise<Store> {
    if (this.#store === undefined) {
      const opening = openStore(this.#options);
      this.#store = opening;
      opening.catch(() => {
        if (this.#store === opening) this.#store = undefined;
      });
    }
    return this.#store;
  }

  async close(): Promise<void> {
    await (await this.#store?.catch(() => undefined))?.close();
  }
}
