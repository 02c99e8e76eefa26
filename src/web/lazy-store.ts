import type { Appearance } from '../core/appearance.js';
import { openStore, type StoreOptions } from '../store/open.js';
import type {
  AppearancePage,
  AppearanceQuery,
  Seen,
  Selection,
  Store,
  StoredAppearance,
  Verdict,
} from '../store/store.js';
import type { PageStore } from './page-store.js';

/** A store that is opened when it is first asked for, and again where that failed: the page is there while its database is away. */
export class LazyStore implements PageStore {
  readonly #options: StoreOptions;
  #store: Promise<Store> | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  async upsert(events: readonly Appearance[]): Promise<number> {
    return (await this.#open()).upsert(events);
  }

  async appearances(query?: AppearanceQuery): Promise<AppearancePage> {
    return (await this.#open()).appearances(query);
  }

  async appearance(id: string): Promise<StoredAppearance | undefined> {
    return (await this.#open()).appearance(id);
  }

  async *facts(selection?: Selection): AsyncGenerator<readonly Omit<Appearance, 'box' | 'firstBox'>[]> {
    yield* (await this.#open()).facts(selection);
  }

  async brands(): Promise<readonly Seen[]> {
    return (await this.#open()).brands();
  }

  async judge(verdict: Verdict): Promise<boolean> {
    return (await this.#open()).judge(verdict);
  }

  async unjudge(appearanceId: string): Promise<boolean> {
    return (await this.#open()).unjudge(appearanceId);
  }

  async close(): Promise<void> {
    await (await this.#store?.catch(() => undefined))?.close();
  }

  #open(): Promise<Store> {
    if (this.#store === undefined) {
      const opening = openStore(this.#options);
      this.#store = opening;
      opening.catch(() => {
        if (this.#store === opening) this.#store = undefined;
      });
    }
    return this.#store;
  }
}
