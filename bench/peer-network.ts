import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Detection } from '../src/core/detection.js';
import { iou } from '../src/core/geometry.js';
import type { EngineKind } from '../src/infer/engines/engine.js';
import type { LoadedModel } from '../src/infer/model/load.js';
import { ASPECT_MAX, CROP_MARGIN } from '../src/infer/network/crop.js';
import { CROP_PX } from '../src/infer/network.js';
import { createNetworkDetector, LIVE } from '../src/infer/network-detector.js';
import { FfmpegSession } from '../src/ingest/ffmpeg/session.js';
import type { SourceFrame } from '../src/ingest/source.js';
import { networkFile, type Precision } from './bare.js';
import type { BenchContext } from './part.js';
import { HEIGHT, WIDTH } from './sampling.js';

/** Both networks as ONNX files, and what a pipeline in another language must know of the model, in a folder. */
export async function writePeerNetwork(
  folder: string,
  model: LoadedModel,
  precision: Precision,
): Promise<string> {
  const own = join(folder, precision);
  await mkdir(own, { recursive: true });
  for (const look of ['look', 'verify'] as const)
    await writeFile(join(own, `${look}.onnx`), networkFile(model, look, precision));
  const { brands, priorOdds, candidateLogit } = model.manifest;
  const crop = { size: CROP_PX, margin: CROP_MARGIN, aspect: ASPECT_MAX };
  const description = { brands, priorOdds, crop, limits: { ...LIVE, floor: candidateLogit } };
  await writeFile(join(own, 'model.json'), JSON.stringify(description));
  return own;
}

export interface SeenFrame {
  /** Seconds of the video. */
  readonly at: number;
  /** What is reported at the brands' thresholds; boxes in shares of the picture. */
  readonly found: readonly Pick<Detection, 'label' | 'score' | 'box'>[];
}

/** What our detector reports of a video's sampled frames. */
export async function ownDetections(
  { ffmpeg }: BenchContext,
  model: LoadedModel,
  video: { readonly file: string; readonly fps: number; readonly kind: EngineKind },
): Promise<{ frames: SourceFrame[]; seen: SeenFrame[] }> {
  const format = { fps: video.fps, width: WIDTH, height: HEIGHT, keyframesOnly: false };
  const input = { options: [], url: video.file };
  const session = new FfmpegSession({ binary: ffmpeg, input, format, live: false, label: 'clip' });
  const detector = await createNetworkDetector(model, { kind: video.kind, threads: 1 });
  const frames: SourceFrame[] = [];
  const seen: SeenFrame[] = [];
  for await (const frame of session.frames()) {
    const [found] = await detector.detect([frame]);
    frames.push(frame);
    seen.push({ at: frame.ptsUs / 1e6, found: found! });
  }
  await session.ended;
  await detector.close();
  return { frames, seen };
}

export interface Agreement {
  readonly frames: number;
  /** Of the frames that both looked at: those in which the same brands are reported. */
  readonly equalFrames: number;
  /** Detections of either side, and those that the other has as well: same brand, overlap of half or more. */
  readonly detections: number;
  readonly shared: number;
  /** Greatest difference of a shared detection's score. */
  readonly scoreDifference: number;
}

/** Frames within 20 ms of each other are the same one. */
export function agreement(ours: readonly SeenFrame[], theirs: readonly SeenFrame[]): Agreement {
  let [frames, equalFrames, detections, shared, scoreDifference] = [0, 0, 0, 0, 0];
  for (const { at, found } of ours) {
    const other = theirs.find((t) => Math.abs(t.at - at) < 0.02)?.found;
    if (other === undefined) continue;
    frames++;
    const labels = (list: SeenFrame['found']) =>
      list
        .map((d) => d.label)
        .toSorted()
        .join();
    if (labels(found) === labels(other)) equalFrames++;
    const pairs = found.flatMap((d) => {
      const same = other.find((o) => o.label === d.label && iou(o.box, d.box) >= 0.5);
      return same === undefined ? [] : [Math.abs(same.score - d.score)];
    });
    detections += found.length + other.length;
    shared += 2 * pairs.length;
    scoreDifference = Math.max(scoreDifference, ...pairs);
  }
  return { frames, equalFrames, detections, shared, scoreDifference };
}
