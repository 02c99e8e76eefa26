import { describeError, errnoCode, LogowatchError } from '../core/errors.js';
import { redact } from '../core/redact.js';

/** What the shell is told: 0 done, 1 failed, 2 wrong usage or config. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof LogowatchError && (error.code === 'usage' || error.code === 'config-invalid')
    ? 2
    : 1;
}

export function printError(error: unknown): void {
  process.stderr.write(`logowatch: ${redact(describeError(error))}\n`);
  if (process.env.LOGOWATCH_DEBUG && error instanceof Error)
    process.stderr.write(`${redact(error.stack ?? '')}\n`);
}

/**
 * First Ctrl-C or SIGTERM: stop gracefully. Second Ctrl-C: leave at once (children are killed by their owners' exit
 * handlers). Returns the signal and how to take the handlers off; once stopping they stay, or a second Ctrl-C between
 * here and the end would kill the process before it could say 130.
 */
export function stopOnSignals(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    process.stderr.write(name === 'SIGINT' ? '\nlogowatch: stopping; Ctrl-C again to leave at once\n' : '');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const release = () => {
    if (controller.signal.aborted) return;
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  return { signal: controller.signal, release };
}

/** Everything is closed: what still holds the process (a client that tries to reach its cluster) holds it no longer than a second. */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), 1_000).unref();
}

/**
 * For commands whose work is their answer: a reader that goes away (`| head`) has what it wanted, so the program ends,
 * quietly. `watch` goes on instead: it has other sinks.
 */
export function leaveWithTheReader(): void {
  process.stdout.on('error', (error) => {
    if (errnoCode(error) === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** A line on stderr that rewrites itself on a terminal, and is written now and then elsewhere. */
export class ProgressLine {
  readonly #terminal = process.stderr.isTTY === true && process.env.CI === undefined;
  readonly #timer: NodeJS.Timeout;
  #shown = false;

  constructor(text: () => string) {
    this.#timer = setInterval(() => this.#show(text()), this.#terminal ? 500 : 10_000);
    this.#timer.unref();
  }

  /** Takes the line off the screen, before something else is printed. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }

  close(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #show(text: string): void {
    if (!this.#terminal) process.stderr.write(`${text}\n`);
    else {
      process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 100) - 1)}`);
      this.#shown = true;
    }
  }
}
