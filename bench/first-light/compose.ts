import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Box } from '../../src/core/geometry.js';
import { startFfmpeg } from '../../src/demo/ffmpeg.js';
import { Random } from '../../src/demo/random.js';
import type { BroadcastTruth, TruthSpan } from '../../src/demo/truth.js';
import type { DatasetImage } from '../../src/train/datasets/dataset.js';
import { readDataset } from '../../src/train/datasets/read.js';

export const WIDTH = 640;
export const HEIGHT = 360;
const FPS = 25;
const FRAME_BYTES = WIDTH * HEIGHT * 3;
/** A logo counts as on screen while so much of its box is, and while it is so wide a share of the picture. */
const VISIBLE_MIN = 0.6;
const LOGO_WIDTH_MIN = 0.03;

/**
 * Real material as a broadcast: photos with boxed logos under a slow pan, real clips between them, cut hard, H.264 at
 * 1.5 Mb/s. Returns what is on screen from when to when.
 */
export async function composeReal(options: {
  readonly ffmpegPath: string;
  readonly data: string;
  readonly output: string;
  readonly seconds: number;
  readonly seed: number;
}): Promise<BroadcastTruth> {
  const random = new Random(options.seed);
  const { images } = await readDataset(join(options.data, 'logos', 'val'));
  const photos = images.filter((i) => i.boxes.length > 0);
  const clips = readdirSync(join(options.data, 'clips')).filter((f) => /\.(mp4|ts)$/.test(f));
  const encoder = startFfmpeg(options.ffmpegPath, [
    ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${WIDTH}x${HEIGHT}`, '-r', String(FPS), '-i', 'pipe:0'],
    ...['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '1500k', '-g', '50', '-pix_fmt', 'yuv420p'],
    ...['-y', options.output],
  ]);
  const stdin = encoder.child.stdin!;
  const write = (frame: Buffer) =>
    new Promise<void>((resolve, reject) => stdin.write(frame, (e) => (e ? reject(e) : resolve())));
  const spans: TruthSpan[] = [];
  let frames = 0;
  while (frames < options.seconds * FPS) {
    const count = Math.round(random.between(3, 6) * FPS);
    if (random.next() < 0.6)
      spans.push(...(await photoShot(random.pick(photos), count, frames, random, write)));
    else
      await clipShot(
        options.ffmpegPath,
        join(options.data, 'clips', random.pick(clips)),
        count,
        random,
        write,
      );
    frames += count;
  }
  stdin.end();
  await encoder.done;
  return { duration: frames / FPS, spans: merged(spans), flashes: [] };
}

type Write = (frame: Buffer) => Promise<void>;

/** A window that moves over a photo a little larger than the picture. */
async function photoShot(photo: DatasetImage, count: number, first: number, random: Random, write: Write) {
  const scale = Math.max((WIDTH * 1.06) / photo.width, (HEIGHT * 1.06) / photo.height);
  const width = Math.round(photo.width * scale);
  const height = Math.round(photo.height * scale);
  const pixels = await sharp(photo.file)
    .rotate()
    .resize(width, height, { fit: 'fill' })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  const path = () => [random.between(0, width - WIDTH), random.between(0, height - HEIGHT)] as const;
  const [from, to] = [path(), path()];
  const seen = new Map<string, { frames: number[]; width: number }>();
  for (let n = 0; n < count; n++) {
    const u = n / Math.max(1, count - 1);
    const x = Math.round(from[0] + (to[0] - from[0]) * u);
    const y = Math.round(from[1] + (to[1] - from[1]) * u);
    const frame = Buffer.allocUnsafe(FRAME_BYTES);
    for (let row = 0; row < HEIGHT; row++) {
      const start = ((y + row) * width + x) * 3;
      pixels.copy(frame, row * WIDTH * 3, start, start + WIDTH * 3);
    }
    await write(frame);
    for (const { label, box } of photo.boxes) {
      const scaled = box.map((v) => v * scale) as unknown as Box;
      if (!onScreen(scaled, x, y)) continue;
      const entry = seen.get(label) ?? { frames: [], width: scaled[2] / WIDTH };
      entry.frames.push(first + n);
      seen.set(label, entry);
    }
  }
  return [...seen].map(([label, s]) => ({
    label,
    start: s.frames[0]! / FPS,
    end: (s.frames.at(-1)! + 1) / FPS,
    width: Math.round(s.width * 1000) / 1000,
  }));
}

function onScreen([bx, by, bw, bh]: Box, x: number, y: number): boolean {
  const w = Math.min(x + WIDTH, bx + bw) - Math.max(x, bx);
  const h = Math.min(y + HEIGHT, by + bh) - Math.max(y, by);
  return w > 0 && h > 0 && w * h > VISIBLE_MIN * bw * bh && bw >= LOGO_WIDTH_MIN * WIDTH;
}

async function clipShot(ffmpegPath: string, file: string, count: number, random: Random, write: Write) {
  const input = ['-v', 'error', '-stream_loop', '-1', '-ss', random.between(0, 5).toFixed(2), '-i', file];
  const filter = `fps=${FPS},scale=${WIDTH}:${HEIGHT}:force_original_aspect_ratio=increase,crop=${WIDTH}:${HEIGHT}`;
  const output = ['-vf', filter, '-frames:v', String(count), '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const child = spawn(ffmpegPath, [...input, ...output], { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  let bytes = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    await write(chunk);
  }
  await closed;
  if (bytes !== count * FRAME_BYTES)
    throw new Error(`${file} gave ${bytes / FRAME_BYTES} of ${count} frames`);
}

/** Spans of one brand that follow each other within a second are one appearance, as the pipeline's gap rule says. */
function merged(spans: readonly TruthSpan[]): TruthSpan[] {
  const out: TruthSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.label.localeCompare(b.label) || a.start - b.start)) {
    const last = out.at(-1);
    if (last?.label === span.label && span.start - last.end <= 1)
      out[out.length - 1] = { ...last, end: Math.max(last.end, span.end) };
    else out.push(span);
  }
  return out.toSorted((a, b) => a.start - b.start);
}
