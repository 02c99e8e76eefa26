/**
 * Commits of a reader that publishes nothing, side by side: it takes the next batch, of another partition, while the
 * last is still being committed.
 */
export class Commits {
  readonly #most: number;
  readonly #open = new Set<Promise<void>>();
  #failed: { readonly error: unknown } | undefined;

  constructor(most = 16) {
    this.#most = most;
  }

  /** Waits while too many are under way. Throws what an earlier one failed with. */
  async add(commit: Promise<unknown>): Promise<void> {
    const settled: Promise<void> = commit
      .then(
        () => undefined,
        (error: unknown) => {
          this.#failed ??= { error };
        },
      )
      .finally(() => this.#open.delete(settled));
    this.#open.add(settled);
    while (this.#open.size >= this.#most) await Promise.race(this.#open);
    this.#check();
  }

  /** Waits for all. Throws what one of them failed with. */
  async settle(): Promise<void> {
    await Promise.all(this.#open);
    this.#check();
  }

  #check(): void {
    if (this.#failed !== undefined) throw this.#failed.error;
  }
}
