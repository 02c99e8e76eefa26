import { concatMap, lastValueFrom, map, tap } from 'rxjs';
import type { Batch, Bus, OutgoingRecord } from '../bus/bus.js';
import { committed } from '../bus/committed.js';
import { topics } from '../bus/topics.js';
import type { Detection, DetectionRecord, FrameDetections } from '../core/detection.js';
import type { Frame, FrameRecord } from '../core/frame.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Span, Tracer } from '../telemetry/tracer.js';
import { batchWithin } from './batch.js';
import type { Detector } from './detector.js';
import { mergeMapInOrder } from './in-order.js';
import { Inference, type InferenceOptions } from './inference.js';
import { Pull } from './pull.js';
import { type ShotState, shotStep } from './shot.js';
import { unlessAborted } from './unless-aborted.js';

export { runSmoothing, type SmoothingRun } from './smoothing-flow.js';

export interface InferenceFlowOptions extends InferenceOptions {
  /** Pictures a batch at most; by default no more than the detector gains from. */
  readonly batchMax: number;
  /**
   * How long a picture may wait for others to fill its batch. At 0 batches still fill under load, since frames then
   * wait on the bus, where newer ones replace them.
   */
  readonly waitMsMax: number;
  /** Batches in the detector at once; by default as many as it looks at side by side, or two: one is prepared meanwhile. */
  readonly inFlightMax: number;
}

export const INFERENCE_DEFAULTS: InferenceFlowOptions = {
  batchMax: 4,
  waitMsMax: 0,
  inFlightMax: 2,
  minScore: 0.01,
  failuresMax: 20,
  now: Date.now,
};

export interface InferenceRun {
  readonly bus: Bus;
  readonly detector: Detector;
  readonly telemetry: Telemetry;
  /** Cuts the stage off: what waits is left. For a graceful stop end the topic `frames` instead. */
  readonly signal?: AbortSignal;
  readonly options?: Partial<InferenceFlowOptions>;
}

/** A record on its way through the detector, and the bus batch whose commit waits for it. */
interface Work {
  readonly record: OutgoingRecord<FrameRecord>;
  /** The pixels to look at; undefined for facts and for frames that nobody can read. */
  readonly frame: Frame | undefined;
  readonly shotCut: boolean;
  readonly origin: Origin;
}

interface Origin {
  readonly batch: Batch<FrameRecord>;
  readonly outputs: OutgoingRecord<DetectionRecord>[];
  remaining: number;
}

/**
 * Frames in, detections out, facts in their place between them; the order of each stream is kept. Resolves when
 * `frames` has ended and is drained, and ends `detections`. Rejects when the detector refuses frame after frame.
 */
export async function runInference(run: InferenceRun): Promise<void> {
  const { bus, detector, telemetry } = run;
  const batchDefault = Math.min(INFERENCE_DEFAULTS.batchMax, detector.batchSize ?? Infinity);
  const inFlightMaxDefault = detector.concurrency ?? INFERENCE_DEFAULTS.inFlightMax;
  const defaults = { ...INFERENCE_DEFAULTS, batchMax: batchDefault, inFlightMax: inFlightMaxDefault };
  const options = { ...defaults, ...run.options };
  const { batchMax, waitMsMax, inFlightMax } = options;
  const inference = new Inference(detector, telemetry, options);
  const failed = new AbortController();
  const signal = run.signal === undefined ? failed.signal : AbortSignal.any([run.signal, failed.signal]);
  const frames = bus.subscribe(topics.frames, { group: 'infer', maxRecords: batchMax, signal });
  const pull = new Pull(frames, waitMsMax > 0 ? (inFlightMax + 1) * batchMax : inFlightMax);
  const prepare = prepareWith(inference);
  const commit = (origin: Origin) =>
    committed(
      unlessAborted(origin.batch.commit([{ topic: topics.detections, records: origin.outputs }]), signal),
    );
  const flow = pull.values.pipe(
    map(prepare),
    batchWithin({
      sizeMax: batchMax,
      waitMsMax,
      groupOf: ({ frame }) => frame && `${frame.width}x${frame.height}`,
    }),
    mergeMapInOrder((work) => infer(work, inference, telemetry.tracer), inFlightMax),
    concatMap((answered) => finish(answered, run, options.now)),
    concatMap(commit),
    tap(() => pull.release()),
  );
  try {
    await lastValueFrom(flow, { defaultValue: undefined });
  } finally {
    failed.abort();
    await bus.end(topics.detections);
  }
}

/** Shot cuts are found here, while the frames of a stream still come one after the other. */
function prepareWith(inference: Inference): (batch: Batch<FrameRecord>) => readonly Work[] {
  const shots = new Map<string, ShotState>();
  return (batch) => {
    const origin: Origin = { batch, outputs: [], remaining: batch.records.length };
    return batch.records.map((record): Work => {
      const { value } = record;
      if (value.kind !== 'frame') {
        shots.delete(value.streamId);
        return { record, frame: undefined, shotCut: false, origin };
      }
      if (!inference.accepts(value)) {
        inference.reject(`a frame of ${value.data.length} bytes is no ${value.width}x${value.height} rgb24`);
        return { record, frame: undefined, shotCut: false, origin };
      }
      const { state, cut } = shotStep(shots.get(value.streamId), value);
      shots.set(value.streamId, state);
      return { record, frame: value, shotCut: cut, origin };
    });
  };
}

interface Answered {
  readonly work: readonly Work[];
  /** One a frame among the work. */
  readonly answers: readonly (readonly Detection[] | undefined)[];
  /** One a frame among the work, or none at all. */
  readonly spans: readonly (Span | undefined)[];
}

async function infer(
  work: readonly Work[],
  inference: Inference,
  tracer: Tracer | undefined,
): Promise<Answered> {
  const frames = work.flatMap(({ frame }) => frame ?? []);
  const attributes = { 'logowatch.batch.size': frames.length };
  const seen = tracer === undefined ? [] : work.filter(({ frame }) => frame !== undefined);
  const spans = seen.map(({ record }) =>
    tracer?.follow(record.headers, 'detect', { kind: 'consumer', attributes }),
  );
  const answers = await inference.detect(frames);
  for (const span of spans) span?.end();
  return { work, answers, spans };
}

/** Called in the order of the frames. Returns the bus batches that are complete with this piece of work. */
function finish(
  { work, answers, spans }: Answered,
  { detector, telemetry }: InferenceRun,
  now: () => number,
): readonly Origin[] {
  let next = 0;
  const finished: Origin[] = [];
  for (const { record, frame, shotCut, origin } of work) {
    const { key, value } = record;
    if (value.kind !== 'frame') origin.outputs.push({ key, value });
    const headers = frame && spans[next]?.headers;
    const detections = frame && answers[next++];
    if (frame !== undefined && detections !== undefined) {
      const { streamId, session, ptsUs, wallTimeMs, clock, seq } = frame;
      const ageMs = Math.max(0, now() - frame.arrivalMs);
      const position = { streamId, session, ptsUs, wallTimeMs, clock };
      const model = { modelId: detector.model.id, modelHash: detector.model.hash };
      const found: FrameDetections = {
        kind: 'detections',
        ...position,
        seq,
        ageMs,
        shotCut,
        ...model,
        detections,
      };
      origin.outputs.push({ key, value: found, ...(headers && { headers }) });
      telemetry.emit({ type: 'frames-inferred', streamId, count: 1, ageMs });
    }
    origin.remaining--;
    if (origin.remaining === 0) finished.push(origin);
  }
  return finished;
}
