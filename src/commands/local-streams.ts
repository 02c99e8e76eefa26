import type { Config, StreamConfig } from '../config.js';
import type { StreamSet } from '../ingest/stream-set.js';
import { claimStreams } from '../streams/claim.js';
import { StreamControl } from '../streams/control.js';
import { MemoryDirectory } from '../streams/directory.js';
import type { StreamEntry } from '../streams/entry.js';
import { StreamRunner } from '../streams/runner.js';
import { StatusBoard } from '../streams/status-board.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { resolveEntry, warnOfOthers } from './stream-config.js';
import { sourceSpec } from './watch-config.js';

/** The streams of one process that runs all of them, to be changed while it runs. */
export class LocalStreams {
  readonly control: StreamControl;
  readonly board = new StatusBoard(() => this.#set?.statuses() ?? []);
  readonly #directory = new MemoryDirectory();
  readonly #telemetry: Telemetry;
  #config: Config;
  #set: StreamSet | undefined;

  constructor(config: Config, telemetry: Telemetry) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.control = new StreamControl({
      directory: this.#directory,
      status: (id) => this.board.of(id),
      check: (entry) => void this.#resolve(entry),
    });
  }

  get size(): number {
    return this.#directory.entries().size;
  }

  /** Puts the config's streams into the set, and whatever is changed from then on. */
  async run(set: StreamSet): Promise<void> {
    this.#set = set;
    const runner = new StreamRunner({
      directory: this.#directory,
      set,
      resolve: (entry) => this.#resolve(entry),
    });
    await this.#claim();
    this.#directory.onChange = () => runner.refresh();
    runner.refresh();
  }

  /** A config that was read again. */
  async use(config: Config): Promise<void> {
    warnOfOthers(this.#config, config, this.#telemetry);
    this.#config = { ...config, name: this.#config.name };
    await this.#claim();
    this.#directory.onChange();
  }

  async #claim(): Promise<void> {
    await claimStreams(this.#directory, this.#config.name, this.#config.streams);
  }

  /** What the config says is filled in already: nothing of it leaves the process. */
  #resolve(entry: StreamEntry) {
    if (entry.owner === null) return resolveEntry(entry, this.#config);
    return sourceSpec(entry.stream as StreamConfig, this.#config);
  }
}
