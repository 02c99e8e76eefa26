import type { SourceSpec } from '../ingest/source.js';
import type { DesiredStream, StreamSet } from '../ingest/stream-set.js';
import type { StreamDirectory } from './directory.js';
import type { StreamEntry } from './entry.js';

export interface RunnerOptions {
  readonly directory: StreamDirectory;
  readonly set: StreamSet;
  /** Fills in `${NAME}` and checks what comes of it. Throws a LogowatchError that becomes the stream's own. */
  readonly resolve: (entry: StreamEntry) => SourceSpec;
  /** Whether a stream is this process's to run. Default: all are. */
  readonly owns?: (streamId: string) => boolean;
  /** Run beside those of the directory, whatever it says: files of this machine. */
  readonly own?: () => ReadonlyMap<string, DesiredStream>;
}

/** Keeps a set of streams at what the directory says; `refresh` after every change of either. */
export class StreamRunner {
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  refresh(): void {
    const { directory, set, owns = () => true, own } = this.#options;
    const desired = new Map<string, DesiredStream>(own?.());
    for (const [id, entry] of directory.entries())
      if (!desired.has(id) && owns(id)) desired.set(id, this.#desired(entry));
    set.apply(desired);
  }

  #desired(entry: StreamEntry): DesiredStream {
    // What has ended on another node is over here as well.
    if (entry.paused || entry.ended !== undefined) return { paused: true };
    try {
      return { spec: this.#options.resolve(entry), revision: entry.revision };
    } catch (error) {
      return { error };
    }
  }
}
