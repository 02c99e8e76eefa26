import { createHash } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../core/errors.js';
import { redact } from '../core/redact.js';
import type { Telemetry } from '../telemetry/telemetry.js';

export interface ReloadOptions {
  readonly path: string;
  readonly telemetry: Telemetry;
  /** Reads the file and puts it to work. What it throws is wrong with the file: what runs is kept. */
  readonly load: () => Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** Whoever writes the file may take so long. */
const SETTLE_MS = 300;

/**
 * Reads a config file again whenever its text changes, and on SIGHUP. The file is looked at rather than watched: that works
 * on network file systems, and through the links that Kubernetes turns round.
 */
export class ConfigReload {
  readonly #options: ReloadOptions;
  readonly #onSignal = () => this.#reload(true);
  readonly #onChange = () => this.#reload(false);
  #digest: string | undefined;
  #last: Promise<void>;
  #closed = false;
  #state: { loadedAt: string | null; error: string | null } = {
    loadedAt: new Date().toISOString(),
    error: null,
  };

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#last = this.#read().then((digest) => {
      this.#digest = digest;
    });
    watchFile(options.path, { interval: LOOK_EVERY_MS, persistent: false }, this.#onChange);
    // On a terminal it means that the terminal is gone.
    if (!process.stderr.isTTY) process.on('SIGHUP', this.#onSignal);
  }

  /** When a file was last put to work, and what is wrong with the one that is there. */
  get state(): { readonly loadedAt: string | null; readonly error: string | null } {
    return this.#state;
  }

  close(): void {
    this.#closed = true;
    unwatchFile(this.#options.path, this.#onChange);
    process.off('SIGHUP', this.#onSignal);
  }

  /** One after the other. */
  #reload(always: boolean): void {
    this.#last = this.#last.then(() => this.#attempt(always));
  }

  async #attempt(always: boolean): Promise<void> {
    if (!always) await sleep(SETTLE_MS);
    const digest = await this.#read();
    if (this.#closed || (!always && digest === this.#digest)) return;
    this.#digest = digest;
    const { load, path, telemetry } = this.#options;
    try {
      await load();
      this.#state = { loadedAt: new Date().toISOString(), error: null };
      telemetry.emit({ type: 'info', message: `${path} was read again` });
    } catch (error) {
      const message = redact(describeError(error));
      this.#state = { ...this.#state, error: message };
      telemetry.emit({
        type: 'warning',
        message: `The config is not reloaded, what runs goes on: ${message}`,
      });
    }
  }

  async #read(): Promise<string | undefined> {
    const text = await readFile(this.#options.path).catch(() => undefined);
    return text && createHash('sha256').update(text).digest('hex');
  }
}
