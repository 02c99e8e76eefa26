import type { Appearance } from '../core/appearance.js';
import { StoreHandle } from '../store/handle.js';
import type { StoreOptions } from '../store/open.js';
import type {
  AppearancePage,
  AppearanceQuery,
  Seen,
  Selection,
  StoredAppearance,
  Verdict,
} from '../store/store.js';
import type { PageStore } from './page-store.js';

/** The page is there while its database is away. */
export class LazyStore implements PageStore {
  readonly #handle: StoreHandle;

  constructor(options: StoreOptions) {
    this.#handle = new StoreHandle(options);
  }

  async upsert(events: readonly Appearance[]): Promise<number> {
    return (await this.#handle.open()).upsert(events);
  }

  async appearances(query?: AppearanceQuery): Promise<AppearancePage> {
    return (await this.#handle.open()).appearances(query);
  }

  async appearance(id: string): Promise<StoredAppearance | undefined> {
    return (await this.#handle.open()).appearance(id);
  }

  async *facts(selection?: Selection): AsyncGenerator<readonly Omit<Appearance, 'box' | 'firstBox'>[]> {
    yield* (await this.#handle.open()).facts(selection);
  }

  async brands(): Promise<readonly Seen[]> {
    return (await this.#handle.open()).brands();
  }

  async judge(verdict: Verdict): Promise<boolean> {
    return (await this.#handle.open()).judge(verdict);
  }

  async unjudge(appearanceId: string): Promise<boolean> {
    return (await this.#handle.open()).unjudge(appearanceId);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
