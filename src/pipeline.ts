import type { Bus } from './bus/bus.js';
import { MemoryBus } from './bus/memory.js';
import { topics } from './bus/topics.js';
import type { DetectionRecord } from './core/detection.js';
import type { Detector } from './infer/detector.js';
import { runInference, runSmoothing } from './infer/flow.js';
import { smoothingFor } from './infer/model/onset.js';
import type { SmoothingParameters } from './infer/smooth/parameters.js';
import { unlessAborted } from './infer/unless-aborted.js';
import type { SourceSpec } from './ingest/source.js';
import { type DesiredStream, type StreamFailure, StreamSet } from './ingest/stream-set.js';
import { runSinks } from './sink/run.js';
import type { Sink } from './sink/sink.js';
import type { Telemetry } from './telemetry/telemetry.js';

/** After a graceful stop, what is still under way has so long before it is cut off: the whole is promised within 10 s. */
const DRAIN_MS = 8_000;
/** Detections that a scan reads together. */
const RECORDS_MAX = 64;

export type { StreamFailure };

interface CommonOptions {
  readonly streams: readonly SourceSpec[];
  /**
   * Is given the running streams, to change them from then on. True: streams may still come, so that the end is not when the
   * last of them ends, but when the signal says so.
   */
  readonly onStreams?: (set: StreamSet) => Promise<boolean>;
  readonly detector: Detector;
  readonly telemetry: Telemetry;
  /** Graceful stop: sources close, everything already sampled is worked off. */
  readonly signal: AbortSignal;
  readonly bus?: Bus;
}

export interface PipelineOptions extends CommonOptions {
  readonly sinks: readonly Sink[];
  readonly smoothing: Partial<SmoothingParameters>;
}

export interface ScanOptions extends CommonOptions {
  /** Called for every frame's detections and every fact, each stream in order. */
  readonly onRecord: (record: DetectionRecord) => void;
}

export interface PipelineResult {
  /** One a stream that ended for good by a fault (wrong password, no video, ...). */
  readonly failures: readonly StreamFailure[];
}

/**
 * All stages in one process, joined by a bus: the whole way of the data. Resolves when every source has ended and
 * its events are in the sinks; rejects when a stage fails, after the others have been stopped.
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { detector, telemetry, sinks } = options;
  const parameters = smoothingFor(detector.model, options.smoothing);
  return runStages({
    ...options,
    after: (bus, signal) => [
      runSinks({ bus, sinks, telemetry, signal }),
      runSmoothing({ bus, telemetry, signal, parameters }),
    ],
  });
}

/** Ingest and detector alone, as in the pipeline; files are read losslessly. */
export function scanDetections(options: ScanOptions): Promise<PipelineResult> {
  return runStages({
    ...options,
    after: (bus, signal) => [readDetections(bus, signal, options.onRecord)],
  });
}

/** Ingest alone, onto a bus between processes. Resolves when every source has ended, with those that ended by a fault. */
export function runIngestStage(
  options: Pick<CommonOptions, 'streams' | 'telemetry' | 'signal'> & { readonly bus: Bus },
): Promise<readonly StreamFailure[]> {
  return ingest(options, options.signal);
}

export interface InferStagesOptions extends Pick<CommonOptions, 'detector' | 'telemetry' | 'signal'> {
  readonly bus: Bus;
  readonly smoothing: Partial<SmoothingParameters>;
}

/** Detector and temporal stage alone. What a stop leaves uncommitted, the next owner of its partition reads again. */
export async function runInferStages(options: InferStagesOptions): Promise<void> {
  const { bus, detector, telemetry } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const parameters = smoothingFor(detector.model, options.smoothing);
  const guard = (stage: Promise<void>): Promise<void> =>
    stage.catch((error: unknown) => {
      failed.abort();
      throw error;
    });
  await Promise.all([
    guard(runInference({ bus, detector, telemetry, signal })),
    guard(runSmoothing({ bus, telemetry, signal, parameters })),
  ]);
}

/** All streams side by side; those that ended for good by a fault are returned. */
async function ingest(
  {
    streams,
    telemetry,
    bus,
    onStreams,
  }: Pick<CommonOptions, 'streams' | 'telemetry' | 'onStreams'> & { readonly bus: Bus },
  signal: AbortSignal,
): Promise<readonly StreamFailure[]> {
  const set = new StreamSet({ bus, telemetry });
  const stopped = new Promise<void>((resolve) => {
    const stop = () => void set.stop().then(resolve);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  if (signal.aborted) return [];
  set.apply(new Map(streams.map((spec): [string, DesiredStream] => [spec.streamId, { spec }])));
  if (await onStreams?.(set)) await stopped;
  else await set.idle();
  return set.failures;
}

interface StagesOptions extends CommonOptions {
  /** The stages after the detector. */
  readonly after: (bus: Bus, signal: AbortSignal) => readonly Promise<unknown>[];
}

async function runStages(options: StagesOptions): Promise<PipelineResult> {
  const { detector, telemetry } = options;
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
  let failures: readonly StreamFailure[] = [];
  const sources = async () => {
    failures = await ingest({ ...options, bus }, stop);
    await bus.end(topics.frames);
  };
  try {
    const stages = await Promise.allSettled([
      ...options.after(bus, hard.signal).map(guard),
      guard(runInference({ bus, detector, telemetry, signal: hard.signal })),
      guard(sources()),
    ]);
    const failed = stages.filter((s) => s.status === 'rejected');
    if (failed.length > 0) throw hard.signal.reason ?? failed[0]?.reason;
    return { failures };
  } finally {
    drain();
    await bus.close();
  }
}

/** Hands detections and facts to a listener, in order; for what looks at scores before any smoothing. */
async function readDetections(bus: Bus, signal: AbortSignal, read: ScanOptions['onRecord']): Promise<void> {
  const batches = bus.subscribe(topics.detections, { group: 'scan', maxRecords: RECORDS_MAX, signal });
  for await (const batch of batches) {
    for (const { value } of batch.records) read(value);
    await unlessAborted(batch.commit(), signal);
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
