import mqtt, { type MqttClient } from 'mqtt';
import type { Appearance } from '../../core/appearance.js';
import { redact, secretsIn } from '../../core/redact.js';
import type { SinkContext } from '../context.js';
import { SinkError } from '../errors.js';
import type { Sink } from '../sink.js';

export interface MqttOptions {
  /** mqtt, mqtts, ws or wss; `user:password@` logs in. */
  readonly url: string;
  /** Before stream and brand in the topic; default: logowatch. */
  readonly topic?: string | undefined;
  /** Default: one that the broker has not seen. */
  readonly clientId?: string | undefined;
  /** For the connection, and for the broker's word on a batch; default 10 s. */
  readonly timeoutMs?: number | undefined;
}

const TOPIC_DEFAULT = 'logowatch';
const TIMEOUT_MS_DEFAULT = 10_000;
/** User or password wrong, not authorized, client id refused, banned: of MQTT 3.1.1 and 5. */
const REFUSED: readonly number[] = [2, 4, 5, 133, 134, 135, 138];

/**
 * Publishes every revision as JSON to `<topic>/<stream>/<brand>`, each percent-encoded, so that no name opens a level of its
 * own; QoS 1, not retained: the broker has it when a write resolves, and subscribers may get it twice. Over the connection of the
 * moment, in order; one that is lost is made anew by the next write. Throws sink-failed: a refused login is final.
 */
export async function createMqtt(options: MqttOptions, context: SinkContext): Promise<Sink> {
  return new MqttSink(options, context.name ?? 'mqtt');
}

class MqttSink implements Sink {
  readonly name: string;
  readonly #options: MqttOptions;
  readonly #timeoutMs: number;
  readonly #shownUrl: string;
  #connection: Promise<MqttClient> | undefined;
  #closed = false;

  constructor(options: MqttOptions, name: string) {
    this.name = name;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT;
    this.#shownUrl = redact(options.url);
  }

  async write(events: readonly Appearance[]): Promise<void> {
    if (this.#closed)
      throw new SinkError('The broker’s connection is closed', { scope: 'sink', value: this.#shownUrl });
    if (events.length === 0) return;
    const connection = this.#connected();
    const client = await connection;
    let onClose: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const lost = new Promise<never>((_, reject) => {
      onClose = () => reject(new Error('the connection was lost'));
      client.once('close', onClose);
      timer = setTimeout(() => reject(new Error(`no word within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    });
    const published = events.map((event) =>
      client.publishAsync(this.#topicOf(event), JSON.stringify(event), { qos: 1 }),
    );
    try {
      await Promise.race([Promise.all(published), lost]);
    } catch (error) {
      // What of it has arrived nobody knows: it goes again, over a new connection.
      this.#forget(connection);
      client.end(true);
      for (const one of published) one.catch(() => undefined);
      throw this.#failure(error);
    } finally {
      clearTimeout(timer);
      if (onClose !== undefined) client.off('close', onClose);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    await client?.endAsync();
  }

  #topicOf({ streamId, label }: Appearance): string {
    return [this.#options.topic ?? TOPIC_DEFAULT, ...[streamId, label].map(encodeURIComponent)].join('/');
  }

  #connected(): Promise<MqttClient> {
    if (this.#connection !== undefined) return this.#connection;
    const connection = this.#connect();
    const forget = () => this.#forget(connection);
    connection.then((client) => client.once('close', forget), forget);
    this.#connection = connection;
    return connection;
  }

  #forget(connection: Promise<MqttClient>): void {
    if (this.#connection === connection) this.#connection = undefined;
  }

  async #connect(): Promise<MqttClient> {
    const { clientId } = this.#options;
    const url = new URL(this.#options.url);
    const [username, password] = [url.username, url.password].map(decodeURIComponent);
    url.username = '';
    url.password = '';
    const client = mqtt.connect(url.href, {
      // Trying again is the business of the one who writes.
      reconnectPeriod: 0,
      connectTimeout: this.#timeoutMs,
      ...(username && { username }),
      ...(password && { password }),
      ...(clientId !== undefined && { clientId }),
    });
    try {
      await firstWord(client, this.#timeoutMs);
      client.on('error', () => undefined);
      return client;
    } catch (error) {
      client.on('error', () => undefined);
      client.end(true);
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): SinkError {
    const { message, code } = error as { message?: string; code?: unknown };
    const said = redact(message || String(code ?? error), secretsIn(this.#options.url));
    const refused = typeof code === 'number' && REFUSED.includes(code);
    return new SinkError(`The broker ${refused ? 'refuses' : 'cannot be reached'}: ${said}`, {
      scope: refused ? 'sink' : 'retry',
      value: this.#shownUrl,
      remedy: refused ? 'Check user, password and client id' : 'Check that it runs, and its address',
    });
  }
}

/** Resolves when the broker has let the client in. The library's own promise stays open where a broker says nothing. */
async function firstWord(client: MqttClient, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no word within ${timeoutMs} ms`)), timeoutMs);
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('the connection was closed')));
    });
  } finally {
    clearTimeout(timer);
  }
}
