import { readFile } from 'node:fs/promises';
import sharp, { type OutputInfo } from 'sharp';
import { drawAlone, drawFile } from '../../core/drawing.js';
import { LogowatchError } from '../../core/errors.js';
import type { Box } from '../../core/geometry.js';
import { isVector } from '../datasets/files.js';
import { cropStamp, type Picture, type Stamp, trimStamp } from './raster.js';

/** Decoded pictures are kept at most this large: frames are 640 px wide. */
const SIDE_MAX_PX = 1280;
const ART_SIDE_PX = 384;
const BYTES_MAX = 400 * 1024 * 1024;

export interface Decoded extends Picture {
  /** Pixels of this copy per pixel of the file. */
  readonly scale: number;
}

function unreadable(file: string, cause: unknown): LogowatchError {
  return new LogowatchError('image-unreadable', 'a picture cannot be decoded', {
    value: file,
    remedy: 'Remove the file or replace it by a whole one',
    cause,
  });
}

/** Decoded pictures and stamps; the least recently used go first when BYTES_MAX is reached. */
export class PictureCache {
  readonly #items = new Map<string, Promise<{ bytes: number; value: unknown }>>();
  #bytes = 0;

  async #get<T>(key: string, make: () => Promise<{ bytes: number; value: T }>): Promise<T> {
    let entry = this.#items.get(key);
    if (entry) {
      this.#items.delete(key);
      this.#items.set(key, entry);
      return (await entry).value as T;
    }
    entry = make();
    this.#items.set(key, entry);
    try {
      this.#bytes += (await entry).bytes;
    } catch (error) {
      this.#items.delete(key);
      throw error;
    }
    await this.#evict();
    return (await entry).value as T;
  }

  async #evict(): Promise<void> {
    while (this.#bytes > BYTES_MAX && this.#items.size > 1) {
      const [key, entry] = this.#items.entries().next().value!;
      this.#items.delete(key);
      this.#bytes -= (await entry.catch(() => ({ bytes: 0 }))).bytes;
    }
  }

  picture(file: string): Promise<Decoded> {
    return this.#get(`picture ${file}`, async () => {
      try {
        const image = sharp(file, { failOn: 'error' });
        const { width } = (await image.metadata()).autoOrient;
        image
          .autoOrient()
          .resize({ width: SIDE_MAX_PX, height: SIDE_MAX_PX, fit: 'inside', withoutEnlargement: true })
          .flatten({ background: '#808080' })
          .toColourspace('srgb')
          .removeAlpha()
          .raw();
        const { data, info } = await drawFile(file, () => image.toBuffer({ resolveWithObject: true }));
        const value = { width: info.width, height: info.height, data, scale: info.width / width };
        return { bytes: data.length, value };
      } catch (cause) {
        throw unreadable(file, cause);
      }
    });
  }

  /** A box of a photo as a stamp; `margin` is a share of its sides. */
  crop(file: string, box: Box, margin: number): Promise<Stamp> {
    return this.#get(`crop ${file} ${box.join(' ')} ${margin}`, async () => {
      const picture = await this.picture(file);
      const [x, y, w, h] = box.map((v) => v * picture.scale) as unknown as Box;
      const value = cropStamp(picture, [
        x - w * margin,
        y - h * margin,
        w * (1 + 2 * margin),
        h * (1 + 2 * margin),
      ]);
      return { bytes: value.data.length * 1.4, value };
    });
  }

  /** Logo art, trimmed to what is visible. */
  art(file: string): Promise<Stamp> {
    return this.#get(`art ${file}`, async () => {
      const value = await renderArt(await readFile(file), isVector(file), file);
      return { bytes: value.data.length * 1.4, value };
    });
  }

  drawing(key: string, svg: () => string): Promise<Stamp> {
    return this.#get(`drawing ${key}`, async () => {
      const value = await renderArt(Buffer.from(svg()), true, key);
      return { bytes: value.data.length * 1.4, value };
    });
  }
}

async function renderArt(source: Buffer, vector: boolean, name: string): Promise<Stamp> {
  let rendered: { data: Buffer; info: OutputInfo };
  try {
    const size = await sharp(source).metadata();
    const density = vector
      ? Math.min(2400, Math.max(1, (72 * ART_SIDE_PX) / Math.max(size.width, size.height)))
      : 72;
    const art = sharp(source, { density })
      .resize({ width: ART_SIDE_PX, height: ART_SIDE_PX, fit: 'inside' })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw();
    const render = () => art.toBuffer({ resolveWithObject: true });
    rendered = await (vector ? drawAlone(render) : render());
  } catch (cause) {
    throw unreadable(name, cause);
  }
  const stamp = trimStamp(rendered.info.width, rendered.info.height, rendered.data);
  if (!stamp) throw unreadable(name, new Error('nothing of it is visible'));
  return stamp;
}
