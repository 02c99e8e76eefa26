import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LogowatchError } from '../core/errors.js';
import { DEMO_BRANDS, distractorSlugs, loadIcon, markSvg } from './brands.js';
import { startFfmpeg } from './ffmpeg.js';
import { type Plan, type PlannedMark, planBroadcast, poseAt } from './plan.js';
import { poseMatrix } from './pose.js';
import { Random } from './random.js';
import { blankFrame, drawSprite, FPS, HEIGHT, type Raster, type Sprite, svgSprite, WIDTH } from './raster.js';
import { type Scene, scenes, ticker } from './scenes.js';
import { type BroadcastTruth, truthOf } from './truth.js';

export interface BroadcastOptions {
  readonly ffmpegPath: string;
  readonly seed: number;
  readonly seconds: number;
  /** The MP4 to write; its folder is made. */
  readonly output: string;
  /** Slugs of simple-icons; default: DEMO_BRANDS. */
  readonly brands?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called after each frame. */
  readonly onProgress?: (done: number, total: number) => void;
}

const OTHER_LOGOS = 16;

/**
 * Composes a TV-like broadcast with known truth: 640x360, 25 fps, H.264 with a keyframe every 2 s. A seed gives the
 * same frames each time (text is drawn with the machine's own fonts). Throws ffmpeg-not-found and ffmpeg-unsupported.
 */
export async function composeBroadcast(
  options: BroadcastOptions,
): Promise<{ file: string; truth: BroadcastTruth }> {
  const { output, seconds, seed, brands, signal } = options;
  const plan = await planOf(seed, seconds, brands);
  await mkdir(dirname(output), { recursive: true });
  const encoder = startFfmpeg(options.ffmpegPath, [
    ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${WIDTH}x${HEIGHT}`, '-r', String(FPS), '-i', 'pipe:0'],
    // Camera noise, always the same.
    ...['-vf', 'noise=all_seed=1:c0s=5:c0f=t'],
    // Without scene-cut keyframes the segments of a live playlist are all 2 s long.
    ...['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '1500k', '-maxrate', '2500k', '-bufsize', '3000k'],
    ...['-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
    ...['-y', output],
  ]); // biome-ignore format: options in groups
  const stdin = encoder.child.stdin!;
  try {
    let done = 0;
    for await (const frame of renderFrames(plan, seed)) {
      if (signal?.aborted) throw new LogowatchError('stopped', 'The composition was stopped');
      // The frame may be painted over as soon as the pipe has taken it.
      const bytes = Buffer.from(frame.data.buffer);
      const written = new Promise<void>((resolve) => stdin.write(bytes, () => resolve()));
      await Promise.race([written, encoder.done]);
      options.onProgress?.(++done, plan.frames);
    }
    stdin.end();
    await encoder.done;
  } catch (error) {
    await encoder.stop();
    await rm(output, { force: true });
    throw error;
  }
  return { file: output, truth: truthOf(plan) };
}

/** What a broadcast of this seed holds, before it is drawn. */
export async function planOf(
  seed: number,
  seconds: number,
  brands: readonly string[] = DEMO_BRANDS,
): Promise<Plan> {
  const others = await distractorSlugs(seed, OTHER_LOGOS, 'demo');
  return planBroadcast(new Random(seed), seconds, brands, others);
}

/** Paints the frames one after the other; each is only good until the next is asked for. */
export async function* renderFrames(plan: Plan, seed: number): AsyncGenerator<Raster> {
  const random = new Random(seed ^ 0x5eed);
  const frame = blankFrame();
  for (const shot of plan.shots) {
    const marks = plan.marks.filter((m) => m.first <= shot.last && m.last >= shot.first);
    const sprites = new Map<PlannedMark, Sprite>();
    for (const m of marks) sprites.set(m, await markSprite(m));
    const scene = await scenes[shot.scene](random);
    const strip: Scene | undefined = shot.ticker ? await ticker(random) : undefined;
    for (let n = shot.first; n <= shot.last; n++) {
      const t = (n - shot.first) / FPS;
      scene(frame, t);
      for (const [m, sprite] of sprites) {
        if (n >= m.first && n <= m.last) drawSprite(frame, sprite, poseMatrix(poseAt(m, n)));
      }
      strip?.(frame, t);
      yield frame;
    }
  }
}

/** Drawn a little larger than it is shown, so that tilting it stays sharp and shrinking it does not alias. */
async function markSprite(m: PlannedMark): Promise<Sprite> {
  const size = Math.round(Math.max(m.from.size, m.to.size) * 1.15);
  return svgSprite(markSvg(await loadIcon(m.slug), m.style, size));
}
