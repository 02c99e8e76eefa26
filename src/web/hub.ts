import { randomBytes } from 'node:crypto';

/** Where the lines of one listener go; a response of node:http is one. */
export interface EventPipe {
  write(text: string): unknown;
  /** Bytes that wait to be sent. */
  readonly writableLength: number;
  destroy(): unknown;
}

export interface HubOptions {
  /** Events kept for those who come back. */
  readonly kept?: number;
  readonly clientsMax?: number;
  /** Bytes that may wait for a listener until it is cut off. */
  readonly waitingMax?: number;
  readonly onCut?: () => void;
}

interface Kept {
  readonly n: number;
  readonly text: string;
}

const HEARTBEAT_MS = 10_000;

/**
 * Server-sent events to many listeners. What waits for a listener is bounded: who cannot follow is cut off, counted, and may
 * come back with the id of the last event it has; what is no longer known by then it is told to ask for anew.
 */
export class EventHub {
  /** One start of a process: ids of another one say nothing here. */
  readonly #boot = randomBytes(4).toString('hex');
  readonly #options: Required<HubOptions>;
  readonly #clients = new Set<EventPipe>();
  readonly #ring: Kept[] = [];
  readonly #heartbeat: NodeJS.Timeout;
  #n = 0;
  /** Listeners that were too slow, so far. */
  cut = 0;

  constructor(options: HubOptions = {}) {
    this.#options = { kept: 2_000, clientsMax: 64, waitingMax: 512 * 1024, onCut: () => {}, ...options };
    this.#heartbeat = setInterval(() => this.#send(': still here\n\n'), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#options.clientsMax;
  }

  /** To all who listen. `kept`: whoever comes back later is told too. */
  publish(event: string, data: unknown, { kept = false } = {}): void {
    if (!kept && this.#clients.size === 0) return;
    const lines = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    if (!kept) {
      this.#send(lines);
      return;
    }
    const n = ++this.#n;
    const text = `id: ${this.#boot}-${n}\n${lines}`;
    this.#ring.push({ n, text });
    if (this.#ring.length > this.#options.kept) this.#ring.shift();
    this.#send(text);
  }

  /**
   * Begins to tell a listener, who may name the last event that it has. The first event is `hello`: whether all since then
   * follows (`resumed`), or what is known must be asked for.
   * @returns how to stop
   */
  join(pipe: EventPipe, lastEventId: string | undefined): () => void {
    const missed = this.#since(lastEventId);
    const hello = { resumed: missed !== undefined };
    const id = `id: ${this.#boot}-${this.#n}\n`;
    // The id counts once what was missed has come.
    pipe.write(`retry: 2000\nevent: hello\ndata: ${JSON.stringify(hello)}\n\n`);
    for (const { text } of missed ?? []) pipe.write(text);
    if (missed === undefined || missed.length === 0) pipe.write(`${id}event: caught-up\ndata: {}\n\n`);
    this.#clients.add(pipe);
    return () => void this.#clients.delete(pipe);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const pipe of this.#clients) pipe.destroy();
    this.#clients.clear();
  }

  /** Undefined where not all of it is known any more. */
  #since(lastEventId: string | undefined): readonly Kept[] | undefined {
    const [boot, number] = lastEventId?.split('-') ?? [];
    const n = Number(number);
    const oldest = this.#ring[0]?.n ?? this.#n + 1;
    if (boot !== this.#boot || !Number.isSafeInteger(n) || n > this.#n || n < oldest - 1) return undefined;
    return this.#ring.filter((kept) => kept.n > n);
  }

  #send(text: string): void {
    for (const pipe of this.#clients) {
      if (pipe.writableLength + text.length <= this.#options.waitingMax) {
        pipe.write(text);
        continue;
      }
      this.#clients.delete(pipe);
      pipe.destroy();
      this.cut++;
      this.#options.onCut();
    }
  }
}
