import type { Socket } from 'node:net';

export interface Packet {
  /** Of the publisher's streams, counted in the order of SETUP. */
  readonly stream: number;
  readonly rtcp: boolean;
  readonly payload: Buffer;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Where one stream of a player goes: a channel of its connection, or UDP ports on loopback (RTCP is the next one). */
type Way = { readonly channel: number } | { readonly port: number };

export interface ConnectionOptions {
  readonly onRequest: (request: Request) => void;
  readonly onPacket: (packet: Packet) => void;
  /** A packet went out in this connection. */
  readonly onInterleaved: () => void;
  /** Sends a datagram from the relay's RTP or RTCP port. */
  readonly sendUdp: (packet: Packet, port: number) => void;
}

/** One RTSP connection of the relay, a publisher's or a player's. */
export class RtspConnection {
  readonly socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #ways: Way[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #cseq = '0';
  publishes: string | undefined;
  playing = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.socket = socket;
    this.#options = options;
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, data]);
      while (this.#takeOne());
    });
  }

  /** Takes a SETUP's Transport header; false for a transport that is neither interleaved nor unicast UDP. */
  setUp(transport: string): boolean {
    const channel = /interleaved=(\d+)/.exec(transport)?.[1];
    const port = /client_port=(\d+)/.exec(transport)?.[1];
    if (channel !== undefined) this.#ways.push({ channel: Number(channel) });
    else if (port !== undefined) this.#ways.push({ port: Number(port) });
    return channel !== undefined || port !== undefined;
  }

  send(packet: Packet): void {
    const { stream, rtcp, payload } = packet;
    const way = this.#ways[stream];
    if (way === undefined) return;
    if ('port' in way) {
      this.#options.sendUdp(packet, way.port + (rtcp ? 1 : 0));
      return;
    }
    // A player that does not read is not served: the relay's memory is bounded.
    if (this.socket.writableLength > 8 << 20) return;
    this.#options.onInterleaved();
    const channel = way.channel + (rtcp ? 1 : 0);
    const header = Buffer.from([0x24, channel, payload.length >> 8, payload.length & 0xff]);
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
    const payload = Buffer.from(this.#buffer.subarray(4, end));
    this.#options.onPacket({ ...this.#streamOf(this.#buffer[1]!), payload });
    this.#buffer = this.#buffer.subarray(end);
    return true;
  }

  #streamOf(channel: number): Pick<Packet, 'stream' | 'rtcp'> {
    const indexOf = (wanted: number) =>
      this.#ways.findIndex((way) => 'channel' in way && way.channel === wanted);
    const stream = indexOf(channel);
    return stream >= 0 ? { stream, rtcp: false } : { stream: indexOf(channel - 1), rtcp: true };
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
    this.#options.onRequest({ method, path, headers, body });
    return true;
  }
}
