import type { StreamView } from '../../src/streams/view.js';

interface Listing {
  readonly node: string;
  readonly config: { readonly loadedAt: string | null; readonly error: string | null };
  readonly streams: readonly StreamView[];
}

/** Talks to /api/streams of a running process. */
export class StreamsClient {
  readonly #url: string;
  readonly #token: string | undefined;

  constructor(ops: string, token: string | undefined) {
    this.#url = `${ops}/api/streams`;
    this.#token = token;
  }

  async call(method: string, path: string, body?: object): Promise<{ status: number; json: unknown }> {
    const headers: Record<string, string> = {};
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.#url + path, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
  }

  async listing(): Promise<Listing> {
    const { status, json } = await this.call('GET', '');
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(json)}`);
    return json as Listing;
  }

  /** By id. */
  async streams(): Promise<Record<string, StreamView>> {
    return Object.fromEntries((await this.listing()).streams.map((s) => [s.id, s]));
  }

  async until(
    what: string,
    holds: (streams: Record<string, StreamView>) => boolean,
    timeoutMs = 30_000,
  ): Promise<void> {
    await this.#poll(
      what,
      ({ streams }) => holds(Object.fromEntries(streams.map((s) => [s.id, s]))),
      timeoutMs,
    );
  }

  untilConfig(what: string, holds: (config: Listing['config']) => boolean): Promise<void> {
    return this.#poll(what, ({ config }) => holds(config), 30_000);
  }

  async #poll(what: string, holds: (listing: Listing) => boolean, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let last: Listing | undefined;
    do {
      last = await this.listing().catch(() => undefined);
      if (last !== undefined && holds(last)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (performance.now() < deadline);
    throw new Error(`timed out: ${what}; ${JSON.stringify(last)}`);
  }
}
