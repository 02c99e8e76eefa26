import { LogowatchError } from '../core/errors.js';
import { unlessAborted } from '../core/unless-aborted.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { SessionPublisher } from './session-publisher.js';
import type { SourceEnd, SourceSession } from './source.js';
import { Watchdog } from './watchdog.js';

export interface PumpOptions {
  readonly streamId: string;
  /** Redacted. */
  readonly source: string;
  readonly connectTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
  readonly monotonic: () => number;
}

/**
 * Moves the frames of one opening to the bus until it ends, stalls or is stopped; the source is closed, and its
 * child process reaped, when this resolves. Rejects only when the bus does.
 */
export async function pumpSession(
  opened: SourceSession,
  publisher: SessionPublisher,
  options: PumpOptions,
): Promise<SourceEnd> {
  const { signal, monotonic, connectTimeoutMs, stallTimeoutMs } = options;
  let stalled = false;
  const watchdog = new Watchdog(() => {
    stalled = true;
    void opened.close();
  }, monotonic);
  const stop = () => void opened.close();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const drops = new DropCounter(opened, options);
  try {
    watchdog.pet(connectTimeoutMs);
    for await (const frame of opened.frames()) {
      // The wait for a full bus is not the source's stall.
      watchdog.stop();
      drops.count();
      await unlessAborted(publisher.frame(frame), signal);
      if (signal.aborted) break;
      watchdog.pet(stallTimeoutMs);
    }
  } finally {
    watchdog.stop();
    signal.removeEventListener('abort', stop);
    if (stalled || signal.aborted) await opened.close();
  }
  const end = await opened.ended;
  drops.count();
  if (signal.aborted) return { reason: 'stopped', final: true };
  return stalled ? stall(options, publisher.frames === 0) : end;
}

function stall(options: PumpOptions, first: boolean): SourceEnd {
  const limitMs = first ? options.connectTimeoutMs : options.stallTimeoutMs;
  const error = new LogowatchError('source-stalled', `No frame came for ${limitMs / 1000} s`, {
    value: options.source,
    remedy: 'It is opened again',
  });
  return { reason: 'stalled', final: false, error };
}

/** A live source counts the frames it gave up; each is reported once. */
class DropCounter {
  readonly #opened: SourceSession;
  readonly #options: PumpOptions;
  #reported = 0;

  constructor(opened: SourceSession, options: PumpOptions) {
    this.#opened = opened;
    this.#options = options;
  }

  count(): void {
    const count = this.#opened.dropped - this.#reported;
    if (count === 0) return;
    this.#reported += count;
    const { streamId, telemetry } = this.#options;
    telemetry.emit({ type: 'frames-dropped', streamId, count, reason: 'ingest-queue' });
  }
}
