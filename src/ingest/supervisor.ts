import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '../bus/bus.js';
import { describeError } from '../core/errors.js';
import { redact } from '../core/redact.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { backoffMs } from './backoff.js';
import { openFailure } from './failure.js';
import { pumpSession } from './pump.js';
import { SessionPublisher } from './session-publisher.js';
import type { FrameSource, SourceEnd, SourceSession, SourceSpec } from './source.js';

export interface SuperviseOptions {
  readonly spec: Pick<SourceSpec, 'streamId' | 'connectTimeoutMs' | 'stallTimeoutMs'>;
  readonly bus: Pick<Bus, 'send'>;
  readonly telemetry: Telemetry;
  /** Stops the stream: its session is closed as `stopped`, within 10 s. */
  readonly signal: AbortSignal;
  /** Gives up after so many tries in a row without a good session. Default: never. */
  readonly attemptsMax?: number;
  /** How far frames of a live source may fall behind before it is said. Default 20 000. */
  readonly lateMsMax?: number;
  readonly now?: () => number;
  readonly monotonic?: () => number;
  readonly random?: () => number;
  /** Resolves early when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface StreamResult {
  readonly streamId: string;
  readonly reason: SourceEnd['reason'];
  /** Sessions that gave a frame. */
  readonly sessions: number;
  /** Published. */
  readonly frames: number;
  /** Given up by a live source before they could be published. */
  readonly dropped: number;
}

const CONNECT_TIMEOUT_MS = 15_000;
const STALL_TIMEOUT_MS = 10_000;
/** A file is no peer that may hang: a large picture on a busy machine may take its time. */
const FILE_TIMEOUT_MS = 60_000;
/** Longer than the segments of HLS, which come as one. */
const LATE_MS = 20_000;
/** Frames for so long make a session a good one: the next failure is a first one. */
const GOOD_SESSION_MS = 30_000;
/** How long the last facts may wait for a full bus once we are told to stop. */
const LAST_WORDS_MS = 5_000;

/**
 * Keeps one stream going: opens its source again and again, a new session each time, and publishes frames and facts
 * on `topics.frames`. Resolves when the source has ended for good or the signal aborts; rejects with the
 * LogowatchError of a failure that trying again cannot help. The last fact is always a final `session-closed`.
 */
export function superviseStream(source: FrameSource, options: SuperviseOptions): Promise<StreamResult> {
  return new StreamSupervisor(source, options).run();
}

class StreamSupervisor {
  readonly #source: FrameSource;
  readonly #options: SuperviseOptions;
  readonly #monotonic: () => number;
  /** Of the latest session that gave a frame; before there is one, of the latest try. */
  #publisher: SessionPublisher;
  #sessionOpen = false;
  /** What the listeners know already of the outage we are in. */
  #outage: string | undefined;
  #warned: string | undefined;
  #result = { sessions: 0, frames: 0, dropped: 0 };

  constructor(source: FrameSource, options: SuperviseOptions) {
    this.#source = source;
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#publisher = this.#newPublisher();
  }

  async run(): Promise<StreamResult> {
    const { spec, telemetry } = this.#options;
    telemetry.emit({ type: 'source-added', streamId: spec.streamId });
    let failed = true;
    try {
      const result = await this.#keepOpen();
      failed = false;
      return result;
    } finally {
      telemetry.emit({ type: 'source-ended', streamId: spec.streamId, failed });
    }
  }

  async #keepOpen(): Promise<StreamResult> {
    const { signal, spec, telemetry, attemptsMax = Number.POSITIVE_INFINITY } = this.#options;
    const { random = Math.random, sleep = sleepUnlessAborted } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      const { end, goodMs } = await this.#trySession();
      if (goodMs >= GOOD_SESSION_MS) attempt = 0;
      if (end.final || attempt + 1 >= attemptsMax) return this.#finish(end);
      this.#warn(end);
      await this.#lost(end);
      const delayMs = backoffMs(attempt, random);
      const reason = end.reason;
      telemetry.emit({
        type: 'source-retry',
        streamId: spec.streamId,
        delayMs,
        attempt: attempt + 1,
        reason,
      });
      await sleep(delayMs, signal);
    }
  }

  async #trySession(): Promise<{ end: SourceEnd; goodMs: number }> {
    const { signal } = this.#options;
    let opened: SourceSession;
    try {
      signal.throwIfAborted();
      opened = await this.#source.open(signal);
    } catch (error) {
      if (signal.aborted) return { end: { reason: 'stopped', final: true }, goodMs: 0 };
      return { end: openFailure(error, this.#source.live), goodMs: 0 };
    }
    const publisher = this.#newPublisher();
    const startedMs = this.#monotonic();
    const end = await this.#pump(opened, publisher);
    const seen = publisher.frames > 0;
    return { end, goodMs: seen ? this.#monotonic() - startedMs : 0 };
  }

  async #pump(opened: SourceSession, publisher: SessionPublisher): Promise<SourceEnd> {
    const { spec, telemetry, signal } = this.#options;
    const { live } = this.#source;
    const end = await pumpSession(opened, publisher, {
      streamId: spec.streamId,
      source: this.#source.label,
      connectTimeoutMs: spec.connectTimeoutMs ?? (live ? CONNECT_TIMEOUT_MS : FILE_TIMEOUT_MS),
      stallTimeoutMs: spec.stallTimeoutMs ?? (live ? STALL_TIMEOUT_MS : FILE_TIMEOUT_MS),
      telemetry,
      signal,
      monotonic: this.#monotonic,
    });
    this.#result.dropped += opened.dropped;
    const { frames, session } = publisher;
    if (frames === 0) return end;
    this.#publisher = publisher;
    this.#sessionOpen = true;
    this.#outage = undefined;
    this.#result.sessions += 1;
    this.#result.frames += frames;
    const detail = end.error && { detail: redact(describeError(end.error)) };
    const { streamId } = spec;
    telemetry.emit({ type: 'source-closed', streamId, session, reason: end.reason, frames, ...detail });
    return end;
  }

  /** The stream is away until the next session. Said once an outage, and again when its reason changes. */
  async #lost(end: SourceEnd): Promise<void> {
    if (end.reason === 'stopped' || end.reason === this.#outage) return;
    this.#outage = end.reason;
    await this.#publisher.gap(end.reason);
    if (this.#sessionOpen) await this.#publisher.closed(end.reason, false);
    this.#sessionOpen = false;
  }

  async #finish(end: SourceEnd): Promise<StreamResult> {
    const closed = this.#publisher.closed(end.reason, true);
    if (this.#options.signal.aborted) {
      // Nobody may be reading any more.
      const said = new AbortController();
      await Promise.race([closed, sleepUnlessAborted(LAST_WORDS_MS, said.signal)]);
      said.abort();
    } else {
      await closed;
    }
    if (end.error) throw end.error;
    return { streamId: this.#options.spec.streamId, reason: end.reason, ...this.#result };
  }

  /** The whole sentence, once as long as it stays the same: an hour's outage is no flood. */
  #warn(end: SourceEnd): void {
    if (!end.error) return;
    const message = redact(describeError(end.error));
    if (message === this.#warned) return;
    this.#warned = message;
    this.#options.telemetry.emit({ type: 'warning', message, streamId: this.#options.spec.streamId });
  }

  #newPublisher(): SessionPublisher {
    const { spec, bus, telemetry, now = Date.now, lateMsMax = LATE_MS } = this.#options;
    const { label: source } = this.#source;
    const live = this.#source.live;
    return new SessionPublisher({
      streamId: spec.streamId,
      session: randomUUID(),
      source,
      live,
      bus,
      telemetry,
      now,
      lateMsMax,
    });
  }
}

async function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
