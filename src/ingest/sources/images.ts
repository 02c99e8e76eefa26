import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { drawFile } from '../../core/drawing.js';
import { LogowatchError } from '../../core/errors.js';
import { FrameQueue } from '../frame-queue.js';
import type { FrameSource, SourceEnd, SourceFrame, SourceSession, SourceSpec } from '../source.js';
import { filePath } from './file.js';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff', '.avif']);
/** Media time from one image to the next, microseconds. */
const STEP_US = 1_000_000;
const GREY = { r: 127, g: 127, b: 127 };
/** Pixels of the largest image that is decoded: 16K x 16K. */
const PIXELS_MAX = 16_384 * 16_384;

export function isImagePath(path: string): boolean {
  return EXTENSIONS.has(extname(path).toLowerCase());
}

/** One image, or those of a folder in the order of their names: one frame each, one second apart. */
export class ImageSource implements FrameSource {
  readonly label: string;
  readonly live = false;
  readonly #spec: SourceSpec;

  constructor(spec: SourceSpec) {
    this.#spec = spec;
    this.label = filePath(spec.url);
  }

  async open(): Promise<SourceSession> {
    const paths = await imagePaths(this.label);
    const startMs = this.#spec.startTimeMs ?? (await stat(paths[0]!)).mtimeMs;
    return new ImageSession(paths, startMs, this.#spec.width ?? 640, this.#spec.height ?? 360);
  }
}

async function imagePaths(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return [path];
  const names = found ? (await readdir(path)).filter(isImagePath) : [];
  if (names.length > 0) {
    const order = new Intl.Collator('en', { numeric: true });
    return names.sort(order.compare).map((name) => join(path, name));
  }
  throw new LogowatchError(
    'source-not-found',
    found ? 'There is no image in this folder' : 'There is no such path',
    {
      value: path,
      remedy: `Name an image or a folder that holds some (${[...EXTENSIONS].join(' ')})`,
    },
  );
}

class ImageSession implements SourceSession {
  readonly ended: Promise<SourceEnd>;
  readonly dropped = 0;
  readonly #queue: FrameQueue;
  #room: (() => void) | undefined;
  #closing = false;

  constructor(paths: readonly string[], startMs: number, width: number, height: number) {
    this.#queue = new FrameQueue({ capacity: 2, dropOldest: false, onRoom: () => this.#room?.() });
    this.ended = this.#run(paths, startMs, width, height);
  }

  frames(): AsyncIterable<SourceFrame> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#queue.next() }) };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#queue.end(true);
    this.#room?.();
    await this.ended;
  }

  async #run(paths: readonly string[], startMs: number, width: number, height: number): Promise<SourceEnd> {
    const unreadable: string[] = [];
    let index = 0;
    for (const path of paths) {
      if (this.#closing) break;
      const picture = await fit(path, width, height).catch(() => undefined);
      if (!picture) {
        unreadable.push(path);
        continue;
      }
      const ptsUs = index * STEP_US;
      const wallTimeMs = Math.round(startMs + ptsUs / 1000);
      const frame = { ptsUs, index, arrivalMs: Date.now(), wallTimeMs, clock: 'file' as const, ...picture };
      index += 1;
      if (!this.#queue.push(frame) && !this.#closing) {
        await new Promise<void>((resolve) => {
          this.#room = resolve;
        });
      }
    }
    this.#queue.end(this.#closing);
    if (this.#closing) return { reason: 'stopped', final: true };
    if (unreadable.length === 0) return { reason: 'ended', final: true };
    return { reason: index === 0 ? 'not-video' : 'failed', final: true, error: unreadableError(unreadable) };
  }
}

function unreadableError(paths: readonly string[]): LogowatchError {
  const rest = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return new LogowatchError('image-unreadable', 'These files could not be read as images', {
    value: `${paths.slice(0, 3).join(', ')}${rest}`,
    remedy: 'Remove or replace them; all others were used',
  });
}

type Picture = Pick<SourceFrame, 'width' | 'height' | 'content' | 'data'>;

async function fit(path: string, width: number, height: number): Promise<Picture> {
  const image = sharp(path, { limitInputPixels: PIXELS_MAX })
    .rotate()
    .flatten({ background: GREY })
    .toColourspace('srgb')
    .resize({ width, height, fit: 'inside' })
    .removeAlpha()
    .raw();
  const { data, info } = await drawFile(path, () => image.toBuffer({ resolveWithObject: true }));
  const x = Math.floor((width - info.width) / 2);
  const y = Math.floor((height - info.height) / 2);
  const content = { x, y, width: info.width, height: info.height };
  const frame = Buffer.allocUnsafeSlow(width * height * 3).fill(GREY.r);
  for (let row = 0; row < info.height; row += 1) {
    const start = row * info.width * 3;
    data.copy(frame, ((y + row) * width + x) * 3, start, start + info.width * 3);
  }
  return { width, height, content, data: frame };
}
