import type { DetectionRecord } from '../../core/detection.js';
import type { Detector } from '../../infer/detector.js';
import { INFERENCE_DEFAULTS } from '../../infer/flow.js';
import { PictureCache } from '../compose/cache.js';
import type { Sources } from '../compose/sources.js';
import { silentVideo } from './silent-video.js';

/** Sampling that `watch` uses by default, Hz. */
const FPS = 5;
/** Frames that one answer stands for. Neighbours on a slow pan are alike: held answers make evidence rise, never fall. */
const HOLD = 2;
const SECONDS = 600;
const BATCH = 4;

export interface SilentDetectionsOptions {
  readonly detector: Detector;
  /** Held-out sources: what the head has learned to be silent on proves nothing. */
  readonly sources: Sources;
  readonly seed: number;
  /** Media time; default ten minutes. */
  readonly seconds?: number;
  /** Frames at 5 Hz that one look of the detector stands for; default 2. */
  readonly hold?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Detections of a made-up programme without any of the brands, as if sampled at 5 Hz: what `calibrateTemporal` wants
 * where there is no video. A session of its own.
 */
export async function silentDetections(options: SilentDetectionsOptions): Promise<DetectionRecord[]> {
  const { detector, sources, seed, seconds = SECONDS, hold = HOLD, signal } = options;
  const { minScore } = INFERENCE_DEFAULTS;
  const at = { streamId: 'composed', session: 'composed', clock: 'file' as const };
  const model = { modelId: detector.model.id, modelHash: detector.model.hash };
  const records: DetectionRecord[] = [{ ...at, kind: 'session-opened', ptsUs: 0, wallTimeMs: 0 }];
  const fps = FPS / hold;
  const content = { x: 0, y: 0, width: 640, height: 360 };
  const flush = async (
    frames: readonly { data: Uint8Array; width: number; height: number; shotCut: boolean }[],
  ) => {
    const answers = await detector.detect(
      frames.map((f) => ({ ...f, content })),
      { minScore },
    );
    frames.forEach(({ shotCut }, i) => {
      for (let h = 0; h < hold; h++) {
        const seq = records.length - 1;
        const ptsUs = Math.round((seq * 1e6) / FPS);
        records.push({
          ...at,
          ...model,
          kind: 'detections',
          ptsUs,
          wallTimeMs: ptsUs / 1000,
          seq,
          ageMs: 0,
          shotCut: shotCut && h === 0,
          detections: answers[i]!,
        });
      }
    });
    options.onProgress?.(Math.min(seconds, (records.length - 1) / FPS), seconds);
  };
  let waiting: Parameters<typeof flush>[0][number][] = [];
  for await (const frame of silentVideo({ sources, cache: new PictureCache(), seed, seconds, fps })) {
    signal?.throwIfAborted();
    waiting.push(frame);
    if (waiting.length < BATCH) continue;
    await flush(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await flush(waiting);
  return records;
}
