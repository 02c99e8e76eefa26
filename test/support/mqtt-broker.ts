import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError } from 'aedes';

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
}

/** A real broker on loopback. */
export class TestMqttBroker {
  readonly messages: Message[] = [];
  readonly #password: string | undefined;
  readonly #sockets = new Set<Socket>();
  #broker: Aedes | undefined;
  #server: Server | undefined;
  port = 0;

  private constructor(password: string | undefined) {
    this.#password = password;
  }

  /** @param password of the user `u`; left out: whoever comes is let in */
  static async start(password?: string): Promise<TestMqttBroker> {
    const broker = new TestMqttBroker(password);
    await broker.up();
    return broker;
  }

  async up(): Promise<void> {
    const broker = await Aedes.createBroker();
    broker.authenticate = (_client, user, given, done) => {
      const right = this.#password === undefined || (user === 'u' && given?.toString() === this.#password);
      if (right) done(null, true);
      else done(Object.assign(new Error('no'), { returnCode: 4 }) as AuthenticateError, null);
    };
    broker.on('publish', ({ topic, payload, retain, qos }, client) => {
      if (client !== null) this.messages.push({ topic, payload: payload.toString(), retain, qos });
    });
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      broker.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    this.#broker = broker;
    this.#server = server;
  }

  /** Connections are cut, as when the machine goes. */
  async down(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
    await new Promise<void>((resolve) => this.#broker?.close(() => resolve()));
  }
}
