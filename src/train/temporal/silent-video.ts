import sharp from 'sharp';
import type { Box } from '../../core/geometry.js';
import { background, scaled } from '../compose/background.js';
import type { PictureCache } from '../compose/cache.js';
import { pasteDistractor } from '../compose/marks.js';
import type { Picture } from '../compose/raster.js';
import type { Sources } from '../compose/sources.js';
import { Rng } from '../rng.js';

export const WIDTH = 640;
export const HEIGHT = 360;
const SHOT_S = { least: 2, most: 6 };
/** The canvas that the camera pans over is so much larger than the frame. */
const PAD = 1.2;
const CANVAS = { width: Math.round(WIDTH * PAD), height: Math.round(HEIGHT * PAD) };
const QUALITY = { least: 35, most: 90 };

/** One frame of a made-up programme without any of the brands. */
export interface SilentFrame extends Picture {
  /** Seconds of the programme. */
  readonly seconds: number;
  /** The first of a new shot. */
  readonly shotCut: boolean;
}

export interface SilentVideoOptions {
  /** Held-out sources: what the head has learned to be silent on proves nothing. */
  readonly sources: Sources;
  readonly cache: PictureCache;
  readonly seed: number;
  readonly seconds: number;
  /** Frames rendered a second. */
  readonly fps: number;
}

/**
 * Shots of 2 to 6 s, cut hard: a slow pan over a scene, a photo of another logo or a made-up picture. In half of
 * them other marks lie in the scene and move with it, or stand still on the screen as a channel's own would.
 * The same for the same seed; each frame has passed through JPEG.
 */
export async function* silentVideo(options: SilentVideoOptions): AsyncGenerator<SilentFrame> {
  const { seconds, fps, seed } = options;
  let start = 0;
  for (let shot = 0; start < seconds; shot++) {
    const rng = new Rng(seed, shot, 0x51e27);
    const length = rng.uniform(SHOT_S.least, SHOT_S.most);
    const count = Math.max(2, Math.round(length * fps));
    const render = await shotOf(rng, options, count);
    for (let n = 0; n < count; n++)
      yield { ...(await render(n)), seconds: start + n / fps, shotCut: n === 0 };
    start += count / fps;
  }
}

async function shotOf(
  rng: Rng,
  { sources, cache }: SilentVideoOptions,
  count: number,
): Promise<(n: number) => Promise<Picture>> {
  const canvas = await canvasOf(rng, sources, cache);
  const marks = rng.chance(0.5) ? 1 + rng.below(2) : 0;
  const onScreen = rng.chance(0.4);
  if (!onScreen) for (let i = 0; i < marks; i++) await pasteDistractor(rng, sources, cache, canvas);
  const overlay = onScreen && marks > 0 ? await screenMarks(rng, sources, cache, marks) : undefined;
  const end = () => [rng.uniform(0, CANVAS.width - WIDTH), rng.uniform(0, CANVAS.height - HEIGHT)] as const;
  const [from, to] = [end(), end()];
  const quality = Math.round(rng.uniform(QUALITY.least, QUALITY.most));
  return async (n) => {
    const u = n / Math.max(1, count - 1);
    const [x, y] = [0, 1].map((i) => Math.round(from[i]! + (to[i]! - from[i]!) * u)) as [number, number];
    const frame = window(canvas, x, y);
    overlay?.(frame);
    return throughJpeg(frame, quality);
  };
}

/** A scene as training knows them; a quarter are photos of other logos as a whole, where there are any. */
async function canvasOf(rng: Rng, sources: Sources, cache: PictureCache): Promise<Picture> {
  const { width, height } = CANVAS;
  if (sources.distractors.length === 0 || !rng.chance(0.25))
    return background(rng, sources, cache, width, height);
  const picture = await cache.picture(rng.pick(sources.distractors).file);
  const k = Math.min(picture.width / width, picture.height / height);
  const [w, h] = [width * k, height * k];
  const region: Box = [(picture.width - w) / 2, (picture.height - h) / 2, w, h];
  return scaled(picture, region, width, height);
}

/** Marks that stand still on the screen: what a frame-sized paste changed is copied onto every frame. */
async function screenMarks(
  rng: Rng,
  sources: Sources,
  cache: PictureCache,
  count: number,
): Promise<(frame: Picture) => void> {
  const boxes: { box: Box; pixels: Picture }[] = [];
  const plate: Picture = {
    width: WIDTH,
    height: HEIGHT,
    data: new Uint8Array(WIDTH * HEIGHT * 3).fill(rng.below(256)),
  };
  for (let i = 0; i < count; i++) {
    const pasted = await pasteDistractor(rng, sources, cache, plate);
    if (pasted !== undefined) boxes.push({ box: pasted.box, pixels: plate });
  }
  return (frame) => {
    for (const { box, pixels } of boxes) copyBox(frame, pixels, box);
  };
}

function copyBox(frame: Picture, from: Picture, [x, y, w, h]: Box): void {
  const [left, right] = [Math.max(0, Math.round(x)), Math.min(frame.width, Math.round(x + w))];
  for (let row = Math.max(0, Math.round(y)); row < Math.min(frame.height, Math.round(y + h)); row++) {
    const start = (row * frame.width + left) * 3;
    frame.data.set(from.data.subarray(start, start + Math.max(0, right - left) * 3), start);
  }
}

function window(canvas: Picture, x: number, y: number): Picture {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let row = 0; row < HEIGHT; row++) {
    const start = ((y + row) * canvas.width + x) * 3;
    data.set(canvas.data.subarray(start, start + WIDTH * 3), row * WIDTH * 3);
  }
  return { width: WIDTH, height: HEIGHT, data };
}

async function throughJpeg({ width, height, data }: Picture, quality: number): Promise<Picture> {
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
  return { width, height, data: await sharp(jpeg).removeAlpha().raw().toBuffer() };
}
