import { randomUUID } from 'node:crypto';
import { describeError } from '../core/errors.js';
import { hasLiteralSecret } from '../core/redact.js';
import type { StreamDirectory } from './directory.js';
import type { StreamEntry } from './entry.js';
import { streamSchema } from './schema.js';
import { type NodeStatus, type StreamView, viewOf } from './view.js';

/** Why a request is refused, as RFC 9457 wants it. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;

  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

export interface ControlOptions {
  readonly directory: StreamDirectory;
  /** What the nodes say of a stream. */
  readonly status: (streamId: string) => NodeStatus | undefined;
  /** Throws a LogowatchError for an entry that no node of this config could run. */
  readonly check: (entry: StreamEntry) => void;
}

/** What may be done to streams at run time, by whoever may. Errors: Problem. */
export class StreamControl {
  readonly #options: ControlOptions;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  list(): StreamView[] {
    const { directory, status } = this.#options;
    return [...directory.entries().values()]
      .sort((a, b) => (a.stream.id < b.stream.id ? -1 : 1))
      .map((entry) => viewOf(entry, status(entry.stream.id)));
  }

  view(id: string): StreamView {
    return viewOf(this.#entry(id), this.#options.status(id));
  }

  /** @param body the stream without its id. True when it is a new one. */
  async put(id: string, body: unknown): Promise<boolean> {
    const parsed = streamSchema.safeParse({ ...(body as object), id });
    if (!parsed.success) {
      const issues = parsed.error.issues.map(
        ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
      );
      throw new Problem(400, 'Not a stream', issues.join('; '));
    }
    const stream = parsed.data;
    if (hasLiteralSecret(stream.url))
      throw new Problem(
        400,
        'A password in the URL',
        'Streams are kept and passed on in clear. Put the secret where the nodes find it and name it in the URL, ' +
          'as in rtsp://user:${CAM_PASSWORD}@host/path; ops.streamSecrets lists the names that may be used',
      );
    const known = this.#options.directory.entries().get(id);
    if (known !== undefined) this.#mayChange(known);
    const paused = known?.paused ?? false;
    const entry: StreamEntry = { stream, owner: null, paused, revision: randomUUID() };
    try {
      this.#options.check(entry);
    } catch (error) {
      throw new Problem(400, 'Not a stream for these nodes', describeError(error));
    }
    await this.#options.directory.put(entry);
    return known === undefined;
  }

  async remove(id: string): Promise<void> {
    this.#mayChange(this.#entry(id));
    await this.#options.directory.remove(id);
  }

  async pause(id: string): Promise<void> {
    const entry = this.#entry(id);
    if (!entry.paused) await this.#options.directory.put({ ...entry, paused: true });
  }

  /** Also starts anew what has ended for good. */
  async resume(id: string): Promise<void> {
    const { ended: _, ...entry } = this.#entry(id);
    await this.#options.directory.put({ ...entry, paused: false, revision: randomUUID() });
  }

  #entry(id: string): StreamEntry {
    const entry = this.#options.directory.entries().get(id);
    if (entry !== undefined) return entry;
    throw new Problem(404, 'No such stream', 'GET /api/streams lists them');
  }

  #mayChange({ owner }: StreamEntry): void {
    if (owner === null) return;
    throw new Problem(
      409,
      'The stream belongs to a config',
      `Change or remove it in the config named "${owner}" and reload that; pause and resume work from here`,
    );
  }
}
