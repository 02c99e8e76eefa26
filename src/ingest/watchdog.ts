/** Calls back once when `pet` has not been called for the limit, on the monotonic clock. */
export class Watchdog {
  readonly #onStall: () => void;
  readonly #monotonic: () => number;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = 0;
  #deadline = 0;

  constructor(onStall: () => void, monotonic: () => number = () => performance.now()) {
    this.#onStall = onStall;
    this.#monotonic = monotonic;
  }

  /** (Re)starts the wait, milliseconds. Mostly moves the deadline only: one timer a wait, not one a frame. */
  pet(limitMs: number): void {
    this.#deadline = this.#monotonic() + limitMs;
    if (this.#timer && this.#firesAt <= this.#deadline) return;
    this.#arm(limitMs);
  }

  /** Nothing is awaited from here on. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = this.#monotonic() + delayMs;
    this.#timer = setTimeout(() => this.#check(), delayMs);
  }

  #check(): void {
    this.#timer = undefined;
    const left = this.#deadline - this.#monotonic();
    if (left <= 0) this.#onStall();
    else this.#arm(left);
  }
}
