import { spawn } from 'node:child_process';
import sharp from 'sharp';
import type { Box } from '../../src/core/geometry.js';
import type { TruthSpan } from '../../src/demo/truth.js';
import type { PictureCache } from '../../src/train/compose/cache.js';
import type { Picture, Stamp } from '../../src/train/compose/raster.js';
import { paste } from '../../src/train/compose/warp.js';
import type { DatasetImage } from '../../src/train/datasets/dataset.js';
import type { Rng } from '../../src/train/rng.js';

export const WIDTH = 640;
export const HEIGHT = 360;
export const FPS = 25;
const FRAME_BYTES = WIDTH * HEIGHT * 3;
/** A logo counts as on screen while so much of its box is, and while it is so wide a share of the picture. */
const VISIBLE_MIN = 0.6;
const LOGO_WIDTH_MIN = 0.03;
/** A photo of a logo is shown almost whole, a scene closer. */
const PHOTO_PAD = 1.04;
const SCENE_PAD = 1.18;
const CORNER_MARGIN_PX = 14;
/** Where in a clip a shot may begin, at the latest: no clip is shorter. */
const SKIP_S_MAX = 4;

export interface Shot {
  readonly rng: Rng;
  readonly cache: PictureCache;
  /** Frames of the shot, and the number of its first in the broadcast. */
  readonly count: number;
  readonly first: number;
  write(frame: Uint8Array): Promise<void>;
}

/** Where a shot looks at frame n of it: the top left corner in a picture larger than the frame. */
interface Pan {
  readonly pixels: Buffer;
  readonly width: number;
  readonly scale: number;
  at(n: number): readonly [x: number, y: number];
}

/** A photo of logos under a slow pan. Returns the brands that are on screen, of those that `known` tells. */
export async function photoShot(
  shot: Shot,
  image: DatasetImage,
  known: (label: string) => boolean,
): Promise<TruthSpan[]> {
  const pan = await panOver(shot, image.file, PHOTO_PAD);
  const seen = new Map<string, { first: number; last: number; width: number }>();
  for (let n = 0; n < shot.count; n++) {
    const [x, y] = pan.at(n);
    await shot.write(window(pan, x, y));
    for (const { label, box } of image.boxes) {
      const scaled = box.map((v) => v * pan.scale) as unknown as Box;
      if (!known(label) || !onScreen(scaled, x, y)) continue;
      const entry = seen.get(label);
      if (entry === undefined) seen.set(label, { first: n, last: n, width: scaled[2] / WIDTH });
      else entry.last = n;
    }
  }
  return [...seen].map(([label, s]) => span(label, shot.first + s.first, shot.first + s.last, s.width));
}

/** A scene without a logo under a slow pan, on which a crop of another photo may lie: fixed in a corner, or moving. */
export async function sceneShot(
  shot: Shot,
  scene: string,
  mark?: { readonly file: string; readonly box: Box; readonly label: string | undefined },
): Promise<TruthSpan[]> {
  const pan = await panOver(shot, scene, SCENE_PAD);
  const stamp = mark && (await shot.cache.crop(mark.file, mark.box, 0.06));
  const path = stamp && markPath(shot, stamp);
  for (let n = 0; n < shot.count; n++) {
    const frame = window(pan, ...pan.at(n));
    if (path !== undefined) path.draw({ width: WIDTH, height: HEIGHT, data: frame }, n);
    await shot.write(frame);
  }
  if (path === undefined || mark?.label === undefined) return [];
  return [span(mark.label, shot.first, shot.first + shot.count - 1, path.width / WIDTH)];
}

/** A part of a real clip; its last picture stays where the clip ends first. */
export async function clipShot(shot: Shot, ffmpegPath: string, file: string): Promise<void> {
  // Transport streams without an index cannot be sought in: the pictures before are decoded and thrown away.
  const input = ['-v', 'error', '-i', file, '-ss', shot.rng.uniform(0, SKIP_S_MAX).toFixed(2)];
  const filter = `fps=${FPS},scale=${WIDTH}:${HEIGHT}:force_original_aspect_ratio=increase,crop=${WIDTH}:${HEIGHT}`;
  const output = ['-vf', filter, '-frames:v', String(shot.count), '-f', 'rawvideo', '-pix_fmt', 'rgb24'];
  const child = spawn(ffmpegPath, [...input, ...output, 'pipe:1'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const frame = Buffer.alloc(FRAME_BYTES);
  let [filled, frames] = [0, 0];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.copy(frame, filled, at, Math.min(chunk.length, at + FRAME_BYTES - filled));
      [at, filled] = [at + part, filled + part];
      if (filled < FRAME_BYTES) continue;
      await shot.write(Buffer.from(frame));
      [filled, frames] = [0, frames + 1];
    }
  }
  await closed;
  if (frames === 0) throw new Error(`${file} gave no picture`);
  for (; frames < shot.count; frames++) await shot.write(frame);
}

async function panOver({ rng, count }: Shot, file: string, pad: number): Promise<Pan> {
  const { width: w, height: h } = await sharp(file).metadata();
  const scale = Math.max((WIDTH * pad) / w, (HEIGHT * pad) / h);
  const [width, height] = [Math.round(w * scale), Math.round(h * scale)];
  const pixels = await sharp(file)
    .resize(width, height, { fit: 'fill' })
    .flatten({ background: '#808080' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
  const end = () => [rng.uniform(0, width - WIDTH), rng.uniform(0, height - HEIGHT)] as const;
  const [from, to] = [end(), end()];
  const at = (n: number) => {
    const u = n / Math.max(1, count - 1);
    return [
      Math.round(from[0] + (to[0] - from[0]) * u),
      Math.round(from[1] + (to[1] - from[1]) * u),
    ] as const;
  };
  return { pixels, width, scale, at };
}

function window({ pixels, width }: Pan, x: number, y: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_BYTES);
  for (let row = 0; row < HEIGHT; row++) {
    const start = ((y + row) * width + x) * 3;
    pixels.copy(frame, row * WIDTH * 3, start, start + WIDTH * 3);
  }
  return frame;
}

function markPath(
  { rng, count }: Shot,
  stamp: Stamp,
): { width: number; draw(frame: Picture, n: number): void } {
  const fixed = rng.chance(0.35);
  let width = WIDTH * (fixed ? rng.uniform(0.07, 0.12) : rng.uniform(0.08, 0.28));
  let height = (width * stamp.height) / stamp.width;
  if (height > HEIGHT * 0.6) [width, height] = [(width * HEIGHT * 0.6) / height, HEIGHT * 0.6];
  const [freeX, freeY] = [WIDTH - width, HEIGHT - height];
  const corner = (free: number) => (rng.chance(0.5) ? CORNER_MARGIN_PX : free - CORNER_MARGIN_PX);
  const from = fixed ? [corner(freeX), corner(freeY)] : [rng.uniform(0, freeX), rng.uniform(0, freeY)];
  const to = fixed ? from : [rng.uniform(0, freeX), rng.uniform(0, freeY)];
  const options = {
    opacity: fixed ? rng.uniform(0.75, 1) : 1,
    feather: 3,
    tint: undefined,
    grey: false,
    invert: false,
  };
  const draw = (frame: Picture, n: number) => {
    const [x, y] = [0, 1].map((i) => from[i]! + ((to[i]! - from[i]!) * n) / count) as [number, number];
    const quad = [
      [x, y],
      [x + width, y],
      [x + width, y + height],
      [x, y + height],
    ] as const;
    paste(frame, stamp, quad, options);
  };
  return { width, draw };
}

function onScreen([bx, by, bw, bh]: Box, x: number, y: number): boolean {
  const w = Math.min(x + WIDTH, bx + bw) - Math.max(x, bx);
  const h = Math.min(y + HEIGHT, by + bh) - Math.max(y, by);
  return w > 0 && h > 0 && w * h > VISIBLE_MIN * bw * bh && bw >= LOGO_WIDTH_MIN * WIDTH;
}

const span = (label: string, first: number, last: number, width: number): TruthSpan => ({
  label,
  start: first / FPS,
  end: (last + 1) / FPS,
  width: Math.round(width * 1000) / 1000,
});
