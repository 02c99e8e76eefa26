import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { type Packet, type Request, RtspConnection } from './rtsp-connection.js';

interface Publication {
  readonly sdp: string;
  readonly packets: Packet[];
  readonly players: Set<RtspConnection>;
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

/**
 * RTSP relay for the demo and for tests: ANNOUNCE/SETUP/RECORD publishes over TCP-interleaved, DESCRIBE/SETUP/PLAY pulls
 * over TCP-interleaved or UDP. Loopback only.
 */
export class RtspRelay {
  readonly #options: RelayOptions;
  readonly #clients = new Set<RtspConnection>();
  readonly #publications = new Map<string, Publication>();
  #server: Server | undefined;
  /** RTP and RTCP of all who play over UDP. */
  #udp: [UdpSocket, UdpSocket] | undefined;
  #port: number;
  /** Sockets stay open, nothing is forwarded or answered any more. */
  stalled = false;
  dropAfterBurst: boolean;
  describes = 0;
  refused = 0;
  /** Packets sent to players, by UDP and in their connections. */
  datagrams = 0;
  interleaved = 0;

  constructor(options: RelayOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.dropAfterBurst = options.dropAfterBurst ?? false;
  }

  url(path: string, user?: string): string {
    return `rtsp://${user === undefined ? '' : `${user}@`}127.0.0.1:${this.#port}/${path}`;
  }

  async start(): Promise<void> {
    this.#udp = await openUdpPair();
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    }).catch(async (error) => {
      await this.stop();
      throw error;
    });
    this.#port = (server.address() as { port: number }).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const client of this.#clients) client.socket.destroy();
    this.#publications.clear();
    this.stalled = false;
    for (const socket of this.#udp ?? []) socket.close();
    this.#udp = undefined;
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

  #accept(socket: Socket): void {
    const client = new RtspConnection(socket, {
      onRequest: (request) => this.#handle(client, request),
      onPacket: (packet) => this.#forward(client, packet),
      onInterleaved: () => {
        this.interleaved += 1;
      },
      sendUdp: ({ rtcp, payload }, port) => {
        this.datagrams += 1;
        this.#udp?.[rtcp ? 1 : 0].send(payload, port, '127.0.0.1');
      },
    });
    this.#clients.add(client);
    socket.on('close', () => this.#gone(client));
  }

  #handle(client: RtspConnection, { method, path, headers, body }: Request): void {
    if (this.stalled) return;
    if (method === 'ANNOUNCE') {
      this.#publications.set(path, { sdp: body, packets: [], players: new Set() });
      client.publishes = path;
      client.reply(200);
    } else if (method === 'DESCRIBE') {
      this.#describe(client, path, headers);
    } else if (method === 'SETUP') {
      this.#setUp(client, headers.get('transport') ?? '');
    } else if (method === 'PLAY') {
      this.#play(client, path);
    } else {
      client.reply(200, { Session: '1', Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN' });
    }
  }

  #describe(client: RtspConnection, path: string, headers: Request['headers']): void {
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

  #setUp(client: RtspConnection, transport: string): void {
    const udp = !transport.includes('interleaved=');
    // Nothing is received by UDP: a publisher has to interleave.
    if ((udp && client.publishes !== undefined) || !client.setUp(transport)) {
      client.reply(461);
      return;
    }
    const port = this.#udp?.[0].address().port ?? 0;
    const answer = udp ? `${transport};server_port=${port}-${port + 1}` : transport;
    client.reply(200, { Transport: answer, Session: '1' });
  }

  #play(client: RtspConnection, path: string): void {
    const publication = this.#publications.get(path);
    client.reply(publication ? 200 : 404, { Session: '1' });
    if (!publication) return;
    client.playing = true;
    for (const packet of publication.packets) client.send(packet);
    if (this.dropAfterBurst) client.socket.end();
    else publication.players.add(client);
  }

  #forward(client: RtspConnection, packet: Packet): void {
    const publication = client.publishes === undefined ? undefined : this.#publications.get(client.publishes);
    if (!publication || this.stalled) return;
    publication.packets.push(packet);
    if (publication.packets.length > (this.#options.burstPackets ?? 1)) publication.packets.shift();
    for (const player of publication.players) player.send(packet);
  }

  #allowed(headers: Request['headers']): boolean {
    const { credentials } = this.#options;
    if (credentials === undefined) return true;
    return headers.get('authorization') === `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  #gone(client: RtspConnection): void {
    this.#clients.delete(client);
    for (const publication of this.#publications.values()) publication.players.delete(client);
    if (client.publishes === undefined) return;
    // A slow player still gets what waits for it.
    for (const player of this.#publications.get(client.publishes)?.players ?? []) player.socket.end();
    this.#publications.delete(client.publishes);
  }
}

/** Two neighbouring ports, the even one for RTP, as RTP has it. What comes in on them is not read. */
async function openUdpPair(): Promise<[UdpSocket, UdpSocket]> {
  for (let attempt = 0; ; attempt += 1) {
    const rtp = await bindUdp(0);
    const { port } = rtp.address();
    if (port % 2 === 0) {
      const rtcp = await bindUdp(port + 1).catch(() => undefined);
      if (rtcp) return [rtp, rtcp];
    }
    rtp.close();
    if (attempt >= 50) throw new Error('no two neighbouring UDP ports are free');
  }
}

function bindUdp(port: number): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', () => {
      socket.removeListener('error', reject);
      // A player that is gone answers with "port unreachable".
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
