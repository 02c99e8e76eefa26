import cliProgress from 'cli-progress';
import type { TrainProgress } from '../train/options.js';

const TITLES: Record<TrainProgress['phase'], string> = {
  data: 'reading',
  features: 'composing frames',
  'held-out': 'composing held-out frames',
  head: 'training',
  calibrate: 'calibrating',
};

/** One bar a phase, on stderr; without a terminal only the messages and a line a tenth. */
export class PhaseBars {
  readonly #terminal = process.stderr.isTTY === true;
  #bar: cliProgress.SingleBar | undefined;
  #phase: TrainProgress['phase'] | undefined;
  #tenth = -1;

  update({ phase, done, total, message }: TrainProgress): void {
    if (phase !== this.#phase) {
      this.stop();
      this.#phase = phase;
      this.#tenth = -1;
      if (this.#terminal) {
        const format = `${TITLES[phase].padEnd(26)} {bar} {percentage}% {value}/{total} {eta_formatted}`;
        this.#bar = new cliProgress.SingleBar(
          { format, stream: process.stderr },
          cliProgress.Presets.shades_classic,
        );
        this.#bar.start(total, done);
      }
    }
    this.#bar?.setTotal(total);
    this.#bar?.update(done);
    const tenth = Math.floor((10 * done) / Math.max(1, total));
    if (!this.#terminal && message === undefined && tenth > this.#tenth) {
      process.stderr.write(`${TITLES[phase]}: ${done}/${total}\n`);
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
