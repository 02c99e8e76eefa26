import { MemoryBus } from '../bus/memory.js';
import { topics } from '../bus/topics.js';
import type { Frame } from '../core/frame.js';
import { redact } from '../core/redact.js';
import type { Detector } from '../infer/detector.js';
import { INFERENCE_DEFAULTS } from '../infer/flow.js';
import { Inference } from '../infer/inference.js';
import { type ShotState, shotStep } from '../infer/shot.js';
import { createSource } from '../ingest/open.js';
import type { SourceSpec } from '../ingest/source.js';
import { superviseStream } from '../ingest/supervisor.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Look } from './look.js';

export interface StreamLookOptions {
  readonly detector: Detector;
  readonly telemetry: Telemetry;
  /** Graceful stop: the frames that wait already are still looked at. */
  readonly signal: AbortSignal;
  /** Candidates under this score are left out, 0..1. */
  readonly minScore: number;
  /** Files end after so much media time, live streams after so much wall time; milliseconds. */
  readonly lengthMsMax?: number | undefined;
}

/**
 * A video or a stream, frame by frame, by the ordinary ingest: files without loss and as fast as they go, live
 * streams with the newest frames first, opened again when they fail. Throws the LogowatchError of a source that
 * cannot be watched, after what came from it.
 */
export async function* lookAtStream(spec: SourceSpec, options: StreamLookOptions): AsyncGenerator<Look> {
  const { detector, telemetry, lengthMsMax } = options;
  const bus = new MemoryBus({ telemetry });
  const left = new AbortController();
  const signals = [options.signal, left.signal];
  if (lengthMsMax !== undefined && isAddress(spec.url)) signals.push(AbortSignal.timeout(lengthMsMax));
  const signal = AbortSignal.any(signals);
  const reading = superviseStream(createSource(spec), { spec, bus, telemetry, signal }).finally(() =>
    bus.end(topics.frames),
  );
  // Its failure is thrown below, when the frames that came before it have been looked at.
  reading.catch(() => undefined);
  const { batchMax: maxRecords } = INFERENCE_DEFAULTS;
  const inference = new Inference(detector, telemetry, { ...INFERENCE_DEFAULTS, minScore: options.minScore });
  const eyes = new Eyes(spec, inference, telemetry);
  try {
    for await (const batch of bus.subscribe(topics.frames, { group: 'mine', maxRecords })) {
      const values = batch.records.map(({ value }) => value);
      const frames = values.filter((value) => value.kind === 'frame');
      const tooLate = frames.findIndex(
        ({ live, ptsUs }) => !live && ptsUs / 1000 >= (lengthMsMax ?? Number.POSITIVE_INFINITY),
      );
      yield* eyes.look(tooLate < 0 ? frames : frames.slice(0, tooLate));
      if (tooLate >= 0) return;
      await batch.commit();
    }
    await reading;
  } finally {
    left.abort();
    await bus.close();
    await reading.catch(() => undefined);
  }
}

/** Two letters at least: `C:\clip.mp4` is a path. */
export function isAddress(url: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(url) && !/^file:/i.test(url);
}

class Eyes {
  readonly #source: string;
  readonly #streamId: string;
  readonly #inference: Inference;
  readonly #telemetry: Telemetry;
  #session: string | undefined;
  #shot: ShotState | undefined;

  constructor({ url, streamId }: SourceSpec, inference: Inference, telemetry: Telemetry) {
    this.#source = redact(url);
    this.#streamId = streamId;
    this.#inference = inference;
    this.#telemetry = telemetry;
  }

  async *look(all: readonly Frame[]): AsyncGenerator<Look> {
    const frames = all.filter((frame) => this.#inference.accepts(frame));
    const answers = await this.#inference.detect(frames);
    for (const [i, frame] of frames.entries()) {
      const detections = answers[i];
      const cut = this.#isCut(frame);
      if (detections === undefined) continue;
      const ageMs = Math.max(0, Date.now() - frame.arrivalMs);
      this.#telemetry.emit({ type: 'frames-inferred', streamId: this.#streamId, count: 1, ageMs });
      yield {
        source: this.#source,
        ptsMs: Math.round(frame.ptsUs / 1000),
        time: new Date(frame.wallTimeMs).toISOString(),
        cut,
        image: frame,
        original: undefined,
        detections,
      };
    }
  }

  #isCut(frame: Frame): boolean {
    const known = frame.session === this.#session ? this.#shot : undefined;
    const { state, cut } = shotStep(known, frame);
    this.#shot = state;
    this.#session = frame.session;
    return cut || known === undefined;
  }
}
