import { createServer, type Server, type Socket } from 'node:net';

interface Packet {
  readonly stream: number;
  readonly rtcp: boolean;
  readonly payload: Buffer;
}

interface Publication {
  readonly sdp: string;
  readonly packets: Packet[];
  readonly players: Set<Client>;
}

export interface RelayOptions {
  /** `user:password` for players, Basic. */
  readonly credentials?: string;
  readonly port?: number;
  /** Packets remembered a path and sent at once to who comes to play. */
  readonly burstPackets?: number;
  /** Closes a player's connection as soon as the burst is sent: a server that drops again and again. */
  readonly dropAfterBurst?: boolean;
}

/** RTSP relay for the demo and for tests, TCP-interleaved only: ANNOUNCE/SETUP/RECORD publishes, DESCRIBE/SETUP/PLAY pulls. */
export class RtspRelay {
  readonly #options: RelayOptions;
  readonly #clients = new Set<Client>();
  readonly #publications = new Map<string, Publication>();
  #server: Server | undefined;
  #port: number;
  /** Sockets stay open, nothing is forwarded or answered any more. */
  stalled = false;
  dropAfterBurst: boolean;
  describes = 0;
  refused = 0;

  constructor(options: RelayOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.dropAfterBurst = options.dropAfterBurst ?? false;
  }

  url(path: string, user?: string): string {
    return `rtsp://${user === undefined ? '' : `${user}@`}127.0.0.1:${this.#port}/${path}`;
  }

  async start(): Promise<void> {
    const server = createServer((socket) => {
      const client = new Client(socket, this);
      this.#clients.add(client);
      socket.on('close', () => this.#gone(client));
    });
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
    for (const client of this.#clients) client.socket.destroy();
    this.#publications.clear();
    this.stalled = false;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  dropPlayers(): void {
    for (const client of this.#clients) if (client.playing) client.socket.resetAndDestroy();
  }

  async published(path: string, packets = 1, timeoutMs = 15_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while ((this.#publications.get(path)?.packets.length ?? 0) < packets) {
      if (performance.now() > deadline) throw new Error(`nothing was published as ${path}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  handle(client: Client, method: string, path: string, headers: Map<string, string>, body: string): void {
    if (this.stalled) return;
    if (method === 'ANNOUNCE') {
      this.#publications.set(path, { sdp: body, packets: [], players: new Set() });
      client.publishes = path;
      client.reply(200);
    } else if (method === 'DESCRIBE') {
      this.#describe(client, path, headers);
    } else if (method === 'SETUP') {
      const transport = headers.get('transport') ?? '';
      const interleaved = /interleaved=\d/.test(transport);
      if (interleaved) client.setUp(transport);
      client.reply(interleaved ? 200 : 461, interleaved ? { Transport: transport, Session: '1' } : {});
    } else if (method === 'PLAY') {
      this.#play(client, path);
    } else {
      client.reply(200, { Session: '1', Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN' });
    }
  }

  #describe(client: Client, path: string, headers: Map<string, string>): void {
    this.describes += 1;
    const publication = this.#publications.get(path);
    if (!this.#allowed(headers)) {
      this.refused += 1;
      client.reply(401, { 'WWW-Authenticate': 'Basic realm="relay"' });
    } else if (!publication) {
      client.reply(404);
    } else {
      const type = { 'Content-Type': 'application/sdp', 'Content-Base': `${this.url(path)}/` };
      client.reply(200, type, publication.sdp);
    }
  }

  #play(client: Client, path: string): void {
    const publication = this.#publications.get(path);
    client.reply(publication ? 200 : 404, { Session: '1' });
    if (!publication) return;
    client.playing = true;
    for (const packet of publication.packets) client.send(packet);
    if (this.dropAfterBurst) client.socket.end();
    else publication.players.add(client);
  }

  forward(client: Client, channel: number, payload: Buffer): void {
    const publication = client.publishes === undefined ? undefined : this.#publications.get(client.publishes);
    if (!publication || this.stalled) return;
    const packet = { ...client.streamOf(channel), payload };
    publication.packets.push(packet);
    if (publication.packets.length > (this.#options.burstPackets ?? 1)) publication.packets.shift();
    for (const player of publication.players) player.send(packet);
  }

  #allowed(headers: Map<string, string>): boolean {
    const { credentials } = this.#options;
    if (credentials === undefined) return true;
    return headers.get('authorization') === `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  #gone(client: Client): void {
    this.#clients.delete(client);
    for (const publication of this.#publications.values()) publication.players.delete(client);
    if (client.publishes === undefined) return;
    for (const player of this.#publications.get(client.publishes)?.players ?? []) player.socket.destroy();
    this.#publications.delete(client.publishes);
  }
}

class Client {
  readonly socket: Socket;
  readonly #relay: RtspRelay;
  /** Of each stream, in the order of SETUP: its RTP channel; RTCP is the next one. */
  readonly #channels: number[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #cseq = '0';
  publishes: string | undefined;
  playing = false;

  constructor(socket: Socket, relay: RtspRelay) {
    this.socket = socket;
    this.#relay = relay;
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, data]);
      while (this.#takeOne());
    });
  }

  setUp(transport: string): void {
    this.#channels.push(Number(/interleaved=(\d+)/.exec(transport)?.[1]));
  }

  streamOf(channel: number): Pick<Packet, 'stream' | 'rtcp'> {
    const rtcp = !this.#channels.includes(channel);
    return { stream: this.#channels.indexOf(rtcp ? channel - 1 : channel), rtcp };
  }

  send({ stream, rtcp, payload }: Packet): void {
    const channel = this.#channels[stream];
    // A player that does not read is not served: the relay's memory is bounded.
    if (channel === undefined || this.socket.writableLength > 8 << 20) return;
    const header = Buffer.from([0x24, channel + (rtcp ? 1 : 0), payload.length >> 8, payload.length & 0xff]);
    this.socket.write(Buffer.concat([header, payload]));
  }

  reply(status: number, headers: Record<string, string> = {}, body = ''): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const phrase = { 200: 'OK', 401: 'Unauthorized', 404: 'Not Found' }[status] ?? 'Unsupported';
    const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    this.socket.write(
      `RTSP/1.0 ${status} ${phrase}\r\nCSeq: ${this.#cseq}\r\n${lines.join('')}${length}\r\n${body}`,
    );
  }

  #takeOne(): boolean {
    return this.#buffer[0] === 0x24 ? this.#takePacket() : this.#takeRequest();
  }

  #takePacket(): boolean {
    if (this.#buffer.length < 4) return false;
    const end = 4 + this.#buffer.readUInt16BE(2);
    if (this.#buffer.length < end) return false;
    this.#relay.forward(this, this.#buffer[1]!, Buffer.from(this.#buffer.subarray(4, end)));
    this.#buffer = this.#buffer.subarray(end);
    return true;
  }

  #takeRequest(): boolean {
    const head = this.#buffer.indexOf('\r\n\r\n');
    if (head < 0) return false;
    const [first = '', ...lines] = this.#buffer.toString('latin1', 0, head).split('\r\n');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const end = head + 4 + Number(headers.get('content-length') ?? 0);
    if (this.#buffer.length < end) return false;
    const body = this.#buffer.toString('utf8', head + 4, end);
    this.#buffer = this.#buffer.subarray(end);
    this.#cseq = headers.get('cseq') ?? '0';
    const [method = '', url = ''] = first.split(' ');
    const path = url.replace(/^rtsp:\/\/[^/]*\//, '').replace(/\/streamid=\d+$|\/$/, '');
    this.#relay.handle(this, method, path, headers, body);
    return true;
  }
}
