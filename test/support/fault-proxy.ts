import { connect, createServer, type Server, type Socket } from 'node:net';

const SLICES_PER_SECOND = 20;

/** TCP proxy on loopback that can reset, swallow or slow down what it carries. */
export class FaultProxy {
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** Takes connections and bytes, and passes nothing on. */
  blackHole = false;
  /** Bytes a second towards the client; 0 is no limit. */
  bytesPerSecond = 0;

  constructor(port: number, host = '127.0.0.1') {
    this.#target = { host, port };
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const server = createServer((client) => this.#carry(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as { port: number }).port;
  }

  /** RST to every open connection. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #carry(client: Socket): void {
    const upstream = connect(this.#target);
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (data) => {
      if (!this.blackHole) upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!this.blackHole) void this.#send(client, upstream, data);
    });
  }

  /** In slices, so that a change of the rate is heeded at once. Nothing is read meanwhile: memory stays bounded. */
  async #send(client: Socket, upstream: Socket, data: Buffer): Promise<void> {
    upstream.pause();
    let rest = data;
    while (this.bytesPerSecond > 0 && rest.length > 0 && !client.destroyed) {
      const size = Math.ceil(this.bytesPerSecond / SLICES_PER_SECOND);
      client.write(rest.subarray(0, size));
      rest = rest.subarray(size);
      await new Promise((resolve) => setTimeout(resolve, 1000 / SLICES_PER_SECOND));
    }
    client.write(rest);
    upstream.resume();
  }
}
