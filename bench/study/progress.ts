import { ProgressLine } from '../../src/commands/io.js';

export type Report = (phase: string, done: number, total: number) => void;

/** What the study is at, on stderr. */
export class StudyProgress {
  readonly #startedMs = Date.now();
  readonly #line = new ProgressLine(() => this.#text());
  #phase = 'reading';
  #done = 0;
  #total = 0;

  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Throws once the user has asked to stop: what is worked out is in the cache by then. */
  readonly report: Report = (phase, done, total) => {
    this.#signal.throwIfAborted();
    [this.#phase, this.#done, this.#total] = [phase, done, total];
  };

  #seconds(): number {
    return Math.round((Date.now() - this.#startedMs) / 1000);
  }

  close(): void {
    this.#line.close();
  }

  #text(): string {
    const minutes = `${Math.floor(this.#seconds() / 60)}:${String(this.#seconds() % 60).padStart(2, '0')}`;
    return `${minutes} ${this.#phase}${this.#total > 0 ? `: ${this.#done}/${this.#total}` : ''}`;
  }
}
