import type { Bus } from './bus/bus.js';
import { MemoryBus } from './bus/memory.js';
import { topics } from './bus/topics.js';
import type { Detector } from './infer/detector.js';
import { runInference, runSmoothing } from './infer/flow.js';
import type { SmoothingParameters } from './infer/smooth/parameters.js';
import { createSource } from './ingest/open.js';
import type { SourceSpec } from './ingest/source.js';
import { superviseStream } from './ingest/supervisor.js';
import { runSinks } from './sink/run.js';
import type { Sink } from './sink/sink.js';
import type { Telemetry } from './telemetry/telemetry.js';

/** After a graceful stop, what is still under way has so long before it is cut off: the whole is promised within 10 s. */
const DRAIN_MS = 8_000;

export interface PipelineOptions {
  readonly streams: readonly SourceSpec[];
  readonly detector: Detector;
  readonly sinks: readonly Sink[];
  readonly smoothing: Partial<SmoothingParameters>;
  readonly telemetry: Telemetry;
  /** Graceful stop: sources close, everything already sampled is worked off. */
  readonly signal: AbortSignal;
  readonly bus?: Bus;
}

export interface PipelineResult {
  /** One a stream that ended for good by a fault (wrong password, no video, ...). */
  readonly failures: readonly { streamId: string; error: unknown }[];
}

/**
 * All stages in one process, joined by a bus: the whole way of the data. Resolves when every source has ended and
 * its events are in the sinks; rejects when a stage fails, after the others have been stopped.
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { detector, telemetry } = options;
  // False alarms of all brands share what the user bears, so their number is part of the threshold.
  const smoothing = { brands: detector.model.labels.length, ...options.smoothing };
  const bus = options.bus ?? new MemoryBus({ telemetry });
  const hard = new AbortController();
  const stop = AbortSignal.any([options.signal, hard.signal]);
  // A source that waits for room on the bus would wait for ever once the reader has failed.
  hard.signal.addEventListener('abort', () => void bus.close(), { once: true });
  const drain = limitDrain(options.signal, hard);
  const guard = async (stage: Promise<unknown>): Promise<void> => {
    try {
      await stage;
    } catch (error) {
      hard.abort(error);
      throw error;
    }
  };
  const failures: { streamId: string; error: unknown }[] = [];
  const ingest = async () => {
    await Promise.all(
      options.streams.map(async (spec) => {
        try {
          await superviseStream(createSource(spec), { spec, bus, telemetry, signal: stop });
        } catch (error) {
          failures.push({ streamId: spec.streamId, error });
        }
      }),
    );
    await bus.end(topics.frames);
  };
  try {
    const stages = await Promise.allSettled([
      guard(runSinks({ bus, sinks: options.sinks, telemetry, signal: hard.signal })),
      guard(runSmoothing({ bus, telemetry, signal: hard.signal, parameters: smoothing })),
      guard(runInference({ bus, detector, telemetry, signal: hard.signal })),
      guard(ingest()),
    ]);
    const failed = stages.filter((s) => s.status === 'rejected');
    if (failed.length > 0) throw hard.signal.reason ?? failed[0]?.reason;
    return { failures };
  } finally {
    drain();
    await bus.close();
  }
}

/** Cuts the drain after a graceful stop short. Returns how to call that off. */
function limitDrain(graceful: AbortSignal, hard: AbortController): () => void {
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer = setTimeout(() => hard.abort(new Error(`not drained within ${DRAIN_MS / 1000} s`)), DRAIN_MS);
  };
  if (graceful.aborted) start();
  else graceful.addEventListener('abort', start, { once: true });
  return () => {
    clearTimeout(timer);
    graceful.removeEventListener('abort', start);
  };
}
