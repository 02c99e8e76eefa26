import type { Bus } from '../bus/bus.js';
import { topics } from '../bus/topics.js';
import { LogowatchError } from '../core/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { RETRY_DEFAULTS, type RetryPolicy, SinkPump, type SinkReport } from './pump.js';
import type { Sink } from './sink.js';

export interface RunSinksOptions {
  readonly bus: Bus;
  readonly sinks: readonly Sink[];
  readonly telemetry: Telemetry;
  /** Cuts everything off: what is not delivered then is lost and reported. */
  readonly signal: AbortSignal;
  readonly retry?: Partial<RetryPolicy>;
  /** After the last event has been published, sinks have so long; default 10 s. */
  readonly drainMs?: number;
}

const RECORDS_MAX = 64;
const DRAIN_MS_DEFAULT = 10_000;

/**
 * Reads `appearances` once for each sink, in a group of its own (`sink-<name>`), and closes the sinks at the end. A
 * slow or failing sink holds up the others only when its queue on the bus is full. Resolves when every event is
 * delivered; rejects with sink-failed when any was lost: at the end, or at once when no sink is left.
 */
export async function runSinks(options: RunSinksOptions): Promise<SinkReport[]> {
  const { bus, sinks, telemetry, signal } = options;
  const tooLate = new AbortController();
  const stop = AbortSignal.any([signal, tooLate.signal]);
  const allDead = new AbortController();
  const reading = AbortSignal.any([signal, allDead.signal]);
  const policy = { ...RETRY_DEFAULTS, ...options.retry };

  // Subscribed before anything is awaited, so that no group misses the first events.
  const subscribe = (group: string) =>
    bus.subscribe(topics.appearances, { group, maxRecords: RECORDS_MAX, terminal: true, signal: reading });
  const lanes = sinks.map((sink) => ({ sink, batches: subscribe(`sink-${sink.name}`) }));
  const drain = limitDrain(subscribe('sink-end'), options.drainMs ?? DRAIN_MS_DEFAULT, tooLate);

  const dead = new Set<Sink>();
  const reports = await Promise.allSettled(
    lanes.map(({ sink, batches }) =>
      new SinkPump(sink, telemetry, policy, stop).run(batches, () => {
        dead.add(sink);
        if (dead.size === sinks.length) allDead.abort();
      }),
    ),
  );
  // Without any sink the events are still taken, so that the stages before do not wait for ever.
  if (sinks.length > 0) allDead.abort();
  await drain();
  const broken = reports.find((r) => r.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  const done = reports.filter((r) => r.status === 'fulfilled').map((r) => r.value);
  const failed = done.filter((report) => report.error !== undefined);
  if (failed.length > 0) throw summary(failed);
  return done;
}

/** Starts the clock when the topic has ended, seen by a group that is never slow. Returns how to stop it. */
function limitDrain(
  batches: ReturnType<Bus['subscribe']>,
  drainMs: number,
  tooLate: AbortController,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const watching = (async () => {
    for await (const batch of batches) await batch.commit();
    if (!over) timer = setTimeout(() => tooLate.abort(`${drainMs} ms after the last event`), drainMs);
  })();
  watching.catch(() => undefined);
  return async () => {
    over = true;
    await watching.catch(() => undefined);
    clearTimeout(timer);
  };
}

function summary(failed: readonly SinkReport[]): LogowatchError {
  const each = failed.map(({ name, lost, error }) => `${name}: ${lost} events lost, ${error?.message ?? ''}`);
  const first = failed[0]?.error;
  return new LogowatchError('sink-failed', `Not every event was delivered: ${each.join('; ')}`, {
    ...(first?.value === undefined ? {} : { value: first.value }),
    ...(first?.remedy === undefined ? {} : { remedy: first.remedy }),
    cause: first,
  });
}
