import { startFfmpeg } from '../../src/demo/ffmpeg.js';
import type { BroadcastTruth, TruthSpan } from '../../src/demo/truth.js';
import { PictureCache } from '../../src/train/compose/cache.js';
import { Rng } from '../../src/train/rng.js';
import type { Material } from './material.js';
import { clipShot, FPS, HEIGHT, photoShot, type Shot, sceneShot, WIDTH } from './shots.js';

export interface ComposeOptions {
  readonly ffmpegPath: string;
  readonly material: Material;
  readonly output: string;
  readonly seconds: number;
  readonly seed: number;
  /** No known brand at all: unknown logos in its place. */
  readonly silent?: boolean;
  readonly kbps?: number;
}

const SHOT_S = { least: 2, most: 6 };
const KBPS = 1500;

/**
 * Real material as a TV-like broadcast, cut hard, H.264: photos of known and unknown logos under a slow pan, crops of
 * them fixed in a corner or moving over logo-free scenes, scenes alone, real clips. Returns what is on screen from
 * when to when; spans of one brand may touch each other across a cut.
 */
export async function composeReal(options: ComposeOptions): Promise<BroadcastTruth> {
  const rng = new Rng(options.seed, options.silent ? 1 : 0);
  const encoder = startFfmpeg(options.ffmpegPath, [
    ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${WIDTH}x${HEIGHT}`, '-r', String(FPS), '-i', 'pipe:0'],
    ...['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', `${options.kbps ?? KBPS}k`],
    ...['-g', '50', '-pix_fmt', 'yuv420p', '-y', options.output],
  ]);
  const stdin = encoder.child.stdin!;
  const write = (frame: Uint8Array) =>
    new Promise<void>((resolve, reject) => stdin.write(frame, (e) => (e ? reject(e) : resolve())));
  const cache = new PictureCache();
  const spans: TruthSpan[] = [];
  let frames = 0;
  try {
    while (frames < options.seconds * FPS) {
      const count = Math.round(rng.uniform(SHOT_S.least, SHOT_S.most) * FPS);
      spans.push(...(await oneShot({ rng, cache, count, first: frames, write }, options)));
      frames += count;
    }
    stdin.end();
    await encoder.done;
  } catch (error) {
    await encoder.stop();
    throw error;
  }
  return { duration: frames / FPS, spans: spans.toSorted((a, b) => a.start - b.start), flashes: [] };
}

async function oneShot(shot: Shot, { ffmpegPath, material, silent }: ComposeOptions): Promise<TruthSpan[]> {
  const { rng } = shot;
  const kind = rng.next();
  if (kind < 0.22)
    return silent
      ? photoShot(shot, rng.pick(material.unknown), () => false)
      : photoShot(shot, rng.pick(material.brands), () => true);
  if (kind < 0.5) {
    const known = !silent && rng.chance(0.75);
    const image = rng.pick(known ? material.brands : material.unknown);
    const { label, box } = image.boxes.reduce((a, b) => (b.box[2] * b.box[3] > a.box[2] * a.box[3] ? b : a));
    return sceneShot(shot, rng.pick(material.scenes), {
      file: image.file,
      box,
      label: known ? label : undefined,
    });
  }
  if (kind < 0.6) return photoShot(shot, rng.pick(material.unknown), () => false);
  if (kind < 0.7 && material.clips.length > 0) {
    await clipShot(shot, ffmpegPath, rng.pick(material.clips));
    return [];
  }
  return sceneShot(shot, rng.pick(material.scenes));
}
