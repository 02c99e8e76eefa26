import { createHmac } from 'node:crypto';
import type { Appearance } from '../../core/appearance.js';
import { errnoCode } from '../../core/errors.js';
import { bareOrigin } from '../../core/redact.js';
import type { TraceHeaders } from '../../telemetry/tracer.js';
import type { SinkContext } from '../context.js';
import { SinkError } from '../errors.js';
import type { Sink, TraceOf } from '../sink.js';

export interface WebhookOptions {
  /** http or https; `user:password@` becomes Basic authorization. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Key of `Logowatch-Signature: sha256=<hex>`, the HMAC-SHA256 of the body. */
  readonly hmacSecret?: string | undefined;
  /** From the request to the head of the answer; default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** Requests under way at once; default 4. */
  readonly concurrency?: number | undefined;
}

const TIMEOUT_MS_DEFAULT = 10_000;
const CONCURRENCY_DEFAULT = 4;
/** Deliveries remembered, so that repeating a batch does not send again what went through. */
const DELIVERED_MAX = 10_000;
const RETRY_STATUS: readonly number[] = [408, 425, 429];
/** The address or the credentials are wrong: no event will ever be taken. */
const HOPELESS_STATUS: readonly number[] = [401, 403, 404, 405, 407, 410, 501];

/**
 * POSTs each start and each end of an appearance as a CloudEvents 1.0 structured event
 * (https://github.com/cloudevents/spec), in order within an appearance. The receiver may get the same event twice
 * after a lost answer: `Idempotency-Key: <id>-<revision>` tells. Revisions in between are not sent. A trace goes on in the
 * headers `traceparent` and `tracestate`, and stands in the event as CloudEvents' distributed tracing extension has it.
 * Throws sink-failed: 5xx, 408, 425, 429 and network errors may be repeated, another answer is final.
 */
export async function createWebhook(options: WebhookOptions, context: SinkContext): Promise<Sink> {
  return new WebhookSink(options, context.name ?? 'webhook');
}

class WebhookSink implements Sink {
  readonly name: string;
  readonly #url: string;
  /** Where it goes, without what may be a secret. */
  readonly #shownUrl: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #hmacSecret: string | undefined;
  readonly #timeoutMs: number;
  readonly #concurrency: number;
  readonly #delivered = new Set<string>();
  readonly #closed = new AbortController();

  constructor(options: WebhookOptions, name: string) {
    this.name = name;
    const url = new URL(options.url);
    this.#shownUrl = bareOrigin(options.url);
    const basic = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    url.username = '';
    url.password = '';
    this.#url = url.href;
    this.#headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': 'logowatch',
      ...(basic === ':' ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    };
    this.#hmacSecret = options.hmacSecret;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT;
    this.#concurrency = Math.max(1, options.concurrency ?? CONCURRENCY_DEFAULT);
  }

  /** Every appearance is tried, even when another one fails; then the first failure is thrown, the gravest first. */
  async write(events: readonly Appearance[], traceOf?: TraceOf): Promise<void> {
    const chains = new Map<string, Appearance[]>();
    for (const event of events) {
      if (event.state === 'ongoing' || this.#delivered.has(deliveryKey(event))) continue;
      const chain = chains.get(event.id);
      if (chain === undefined) chains.set(event.id, [event]);
      else chain.push(event);
    }
    const waiting = chains.values();
    const failures: SinkError[] = [];
    const worker = async () => {
      for (const chain of waiting) {
        if (failures.some((f) => f.scope === 'sink')) return;
        await this.#sendChain(chain, traceOf).catch((error: SinkError) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, chains.size) }, worker));
    const gravest = (['sink', 'event', 'retry'] as const).flatMap((s) =>
      failures.filter((f) => f.scope === s),
    );
    if (gravest[0] !== undefined) throw gravest[0];
  }

  /** Cuts off what is under way: it was not acknowledged, so it counts as not delivered. */
  async close(): Promise<void> {
    this.#closed.abort();
  }

  async #sendChain(chain: readonly Appearance[], traceOf: TraceOf | undefined): Promise<void> {
    for (const event of chain) {
      await this.#post(event, traceOf?.(event));
      this.#delivered.add(deliveryKey(event));
      if (this.#delivered.size > DELIVERED_MAX) {
        for (const oldest of this.#delivered) {
          this.#delivered.delete(oldest);
          break;
        }
      }
    }
  }

  async #post(event: Appearance, trace: TraceHeaders | undefined): Promise<void> {
    const body = JSON.stringify({ ...cloudEvent(event), ...trace });
    const signature =
      this.#hmacSecret === undefined
        ? {}
        : {
            'logowatch-signature': `sha256=${createHmac('sha256', this.#hmacSecret).update(body).digest('hex')}`,
          };
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    let response: Response;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        headers: { ...this.#headers, ...signature, ...trace, 'idempotency-key': deliveryKey(event) },
        body,
        // Following would hand token and events to an address that nobody configured.
        redirect: 'manual',
        signal: AbortSignal.any([timeout, this.#closed.signal]),
      });
    } catch (cause) {
      throw this.#unreachable(cause, timeout.aborted);
    }
    // The head is the acknowledgement; a body that stalls or breaks off changes nothing.
    response.body?.cancel().catch(() => undefined);
    if (!response.ok) throw this.#refused(response);
  }

  #unreachable(cause: unknown, timedOut: boolean): SinkError {
    if (this.#closed.signal.aborted) {
      return new SinkError('The webhook is closed', { scope: 'sink', value: this.#shownUrl });
    }
    const code = errnoCode((cause as { cause?: unknown }).cause) ?? 'connection failed';
    const what = timedOut ? `no answer within ${this.#timeoutMs} ms` : code;
    return new SinkError(`The webhook cannot be reached: ${what}`, { scope: 'retry', value: this.#shownUrl });
  }

  #refused(response: Response): SinkError {
    const { status } = response;
    if (status >= 500 && status !== 501) return this.#retryLater(response);
    if (RETRY_STATUS.includes(status)) return this.#retryLater(response);
    const hopeless = HOPELESS_STATUS.includes(status) || status < 400;
    return new SinkError(`The webhook answered ${status}`, {
      scope: hopeless ? 'sink' : 'event',
      value: this.#shownUrl,
      remedy: status < 400 ? 'Configure the final address' : 'Check its address, token and what it accepts',
    });
  }

  #retryLater(response: Response): SinkError {
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), Date.now());
    return new SinkError(`The webhook answered ${response.status}`, {
      scope: 'retry',
      value: this.#shownUrl,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}

function deliveryKey(event: Appearance): string {
  return `${event.id}-${event.revision}`;
}

/** Structured mode: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
export function cloudEvent(event: Appearance) {
  const ended = event.state === 'ended';
  return {
    specversion: '1.0',
    id: `${event.id}/${event.revision}`,
    source: `/logowatch/${encodeURIComponent(event.streamId)}`,
    type: `io.logowatch.appearance.${event.state}`,
    subject: event.label,
    time: ended ? event.endTime : event.startTime,
    datacontenttype: 'application/json',
    data: event,
  };
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3) as milliseconds from now; undefined when absent or unreadable. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
