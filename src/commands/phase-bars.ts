import cliProgress from 'cli-progress';

export interface PhaseProgress<P extends string> {
  readonly phase: P;
  readonly done: number;
  readonly total: number;
  /** A line worth printing once. */
  readonly message?: string;
}

/** One bar a phase, on stderr; without a terminal only the messages and a line a tenth. */
export class PhaseBars<P extends string> {
  readonly #titles: Readonly<Record<P, string>>;
  readonly #terminal = process.stderr.isTTY === true;
  #bar: cliProgress.SingleBar | undefined;
  #phase: P | undefined;
  #tenth = -1;

  constructor(titles: Readonly<Record<P, string>>) {
    this.#titles = titles;
  }

  update({ phase, done, total, message }: PhaseProgress<P>): void {
    const title = this.#titles[phase];
    if (phase !== this.#phase) {
      this.stop();
      this.#phase = phase;
      this.#tenth = -1;
      if (this.#terminal) {
        const format = `${title.padEnd(26)} {bar} {percentage}% {value}/{total} {eta_formatted}`;
        this.#bar = new cliProgress.SingleBar(
          { format, stream: process.stderr },
          cliProgress.Presets.shades_classic,
        );
        this.#bar.start(total, done);
      }
    }
    this.#bar?.update(done);
    const tenth = Math.floor((10 * done) / Math.max(1, total));
    if (!this.#terminal && message === undefined && tenth > this.#tenth) {
      process.stderr.write(`${title}: ${done}/${total}\n`);
      this.#tenth = tenth;
    }
    if (message !== undefined) {
      if (this.#terminal) process.stderr.write('\r\x1b[K');
      process.stderr.write(`${message}\n`);
    }
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
