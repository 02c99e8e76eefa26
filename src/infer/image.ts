import { stat } from 'node:fs/promises';
import sharp from 'sharp';
import { drawAlone } from '../core/drawing.js';
import { errnoCode, LogowatchError } from '../core/errors.js';
import type { ContentRect } from '../core/frame.js';
import type { DetectorImage } from './detector.js';
import { INPUT_MEAN } from './network.js';

export interface LoadedImage {
  readonly image: DetectorImage;
  /** Pixels, after EXIF rotation. */
  readonly originalWidth: number;
  readonly originalHeight: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** sharp's own default, 16,384 x 16,383: a picture that unpacks to more is refused before it is decoded. */
const PIXELS_MAX = 268_402_689;
const SVG_DENSITY = 72;
const SVG_DENSITY_MAX = 2400;

/**
 * A picture file (JPEG, PNG, WebP, GIF's first frame, SVG, TIFF, AVIF) as rgb24, rotated as EXIF says, on white where
 * it is transparent, fitted on grey into that size of `inputs` which it fills best. Errors: image-unreadable.
 */
export async function loadImage(file: string, inputs: readonly Size[]): Promise<LoadedImage> {
  try {
    return await decodeImage(file, inputs);
  } catch (cause) {
    throw new LogowatchError('image-unreadable', await whyUnreadable(file, cause), {
      value: file,
      remedy: 'Name a JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG file of at most 268 megapixels',
      cause,
    });
  }
}

/** `loadImage` of a file or of a file's bytes, with sharp's own errors. */
export async function decodeImage(source: string | Buffer, inputs: readonly Size[]): Promise<LoadedImage> {
  const options = { limitInputPixels: PIXELS_MAX, failOn: 'error' as const };
  const metadata = await sharp(source, options).metadata();
  const { width, height } = metadata.autoOrient;
  const size = bestInput(inputs, { width, height });
  const content = fit({ width, height }, size);
  const scale = content.width / width;
  // Art is drawn at the size it is needed; everything else is scaled from its pixels.
  const density = Math.min(SVG_DENSITY_MAX, Math.max(1, (metadata.density ?? SVG_DENSITY) * scale));
  const input = metadata.format === 'svg' && scale > 1 ? { ...options, density } : options;
  const grey = { r: INPUT_MEAN, g: INPUT_MEAN, b: INPUT_MEAN };
  const image = sharp(source, input)
    .autoOrient()
    .resize(content.width, content.height, { fit: 'fill' })
    .flatten({ background: 'white' })
    .extend({
      left: content.x,
      top: content.y,
      right: size.width - content.width - content.x,
      bottom: size.height - content.height - content.y,
      background: grey,
    })
    .toColourspace('srgb')
    .raw();
  const data = await (metadata.format === 'svg' ? drawAlone(() => image.toBuffer()) : image.toBuffer());
  return { image: { ...size, content, data }, originalWidth: width, originalHeight: height };
}

/** The size that the picture fills most of. */
export function bestInput(inputs: readonly Size[], picture: Size): Size {
  const share = (input: Size) => {
    const scale = Math.min(input.width / picture.width, input.height / picture.height);
    return (picture.width * picture.height * scale * scale) / (input.width * input.height);
  };
  const best = inputs.reduce((a, b) => (share(b) > share(a) ? b : a));
  return { width: best.width, height: best.height };
}

/** The picture's place in `size`, as large as it goes, in the middle. */
export function fit(picture: Size, size: Size): ContentRect {
  const scale = Math.min(size.width / picture.width, size.height / picture.height);
  const width = Math.min(size.width, Math.max(1, Math.round(picture.width * scale)));
  const height = Math.min(size.height, Math.max(1, Math.round(picture.height * scale)));
  return { x: (size.width - width) >> 1, y: (size.height - height) >> 1, width, height };
}

async function whyUnreadable(file: string, cause: unknown): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size === 0) return 'The picture file is empty';
  } catch (error) {
    return errnoCode(error) === 'ENOENT' ? 'No such picture' : 'The picture cannot be read';
  }
  const message = cause instanceof Error ? cause.message : '';
  if (message.includes('pixel limit')) return 'The picture is too large';
  return 'Not a picture that can be decoded';
}
