/**
 * Hands values from callbacks to one async reader. `finish` ends it once what was offered is taken; `end` at once, and
 * `fail` with an error.
 */
export class Handover<T> {
  readonly #waiting: T[] = [];
  readonly #endings = new Set<() => void>();
  #wake: (() => void) | undefined;
  #finished = false;
  #error: unknown;
  ended = false;

  /** False when nobody will take it any more. */
  offer(value: T): boolean {
    if (this.ended || this.#finished) return false;
    this.#waiting.push(value);
    this.#wake?.();
    return true;
  }

  /** Calls a listener when nobody takes values any more. Returns how to call that off. */
  onEnd(listener: () => void): () => void {
    if (this.ended) listener();
    else this.#endings.add(listener);
    return () => this.#endings.delete(listener);
  }

  /** Work under way when the reading ends has so long left, or fails: a cluster that is away would be asked for a minute. */
  async whileOpen(work: Promise<void>, graceMs: number, error: () => Error): Promise<void> {
    let forget: (() => void) | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      forget = this.onEnd(() => {
        setTimeout(() => reject(error()), graceMs).unref();
      });
    });
    try {
      await Promise.race([work, tooLate]);
    } finally {
      forget?.();
    }
  }

  finish(): void {
    this.#finished = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    if (this.ended) return;
    this.#error = error;
    this.end();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#waiting.length = 0;
    for (const listener of this.#endings) listener();
    this.#endings.clear();
    this.#wake?.();
  }

  async *values(): AsyncGenerator<T> {
    while (!this.ended) {
      const value = this.#waiting.shift();
      if (value !== undefined) yield value;
      else if (this.#finished) break;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
