import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { basename, join } from 'node:path';

export interface HlsServerOptions {
  readonly folder: string;
  readonly port?: number;
  /** `user:password`, Basic. */
  readonly credentials?: string;
}

/** Static server over one flat folder for tests; it can refuse, stall, stop and come back on the same port. */
export class HlsServer {
  readonly #options: HlsServerOptions;
  #server: Server | undefined;
  #port: number;
  /** Answers everything with this. */
  status: number | undefined;
  /** Takes requests and never answers. */
  stalled = false;
  /** Answers made by the test instead of files, by name: a body, or where to redirect to. */
  readonly made = new Map<string, { body: string } | { location: string }>();
  /** Names of the files asked for, in order. */
  readonly requests: string[] = [];

  constructor(options: HlsServerOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  url(name: string, user?: string): string {
    return `http://${user === undefined ? '' : `${user}@`}127.0.0.1:${this.#port}/${name}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as { port: number }).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = basename(new URL(request.url ?? '/', 'http://localhost').pathname);
    this.requests.push(name);
    if (this.stalled) return;
    if (!this.#allowed(request)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="hls"' }).end();
      return;
    }
    const made = this.made.get(name);
    if (this.status !== undefined) response.writeHead(this.status).end();
    else if (made && 'location' in made) response.writeHead(302, { location: made.location }).end();
    else if (made) response.end(made.body);
    else await this.#file(name, response);
  }

  async #file(name: string, response: ServerResponse): Promise<void> {
    const path = join(this.#options.folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = name.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'video/mp2t';
    response.writeHead(200, { 'content-type': type });
    createReadStream(path)
      .on('error', () => response.destroy())
      .pipe(response);
  }

  #allowed(request: IncomingMessage): boolean {
    const { credentials } = this.#options;
    if (credentials === undefined) return true;
    return request.headers.authorization === `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
}
