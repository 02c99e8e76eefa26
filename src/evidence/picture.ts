import { createHash } from 'node:crypto';
import sharp, { type Sharp } from 'sharp';
import type { LookedAt } from '../bus/tapped.js';
import type { Detection } from '../core/detection.js';
import type { Frame } from '../core/frame.js';
import type { Box } from '../core/geometry.js';

/** A frame as the page may show it and training may learn from it. */
export interface KeptFrame {
  /** Names stream, session and time: 12 hex digits. */
  readonly id: string;
  readonly streamId: string;
  readonly session: string;
  readonly ptsMs: number;
  /** ISO 8601, UTC, from the session's clock. */
  readonly time: string;
  /** Pixels of the picture, without the letterbox. */
  readonly width: number;
  readonly height: number;
  /** Boxes are relative to the picture. */
  readonly detections: readonly Detection[];
  readonly jpeg: Buffer;
}

export function frameId({ streamId, session, ptsUs }: Pick<Frame, 'streamId' | 'session' | 'ptsUs'>): string {
  return createHash('sha256')
    .update(JSON.stringify([streamId, session, ptsUs]))
    .digest('hex')
    .slice(0, 12);
}

/** The picture at its own size. @param worth which of its detections are kept with it */
export async function keepFrame(
  { frame, found }: LookedAt,
  worth: (detection: Detection) => boolean,
): Promise<KeptFrame> {
  const { streamId, session, ptsUs, wallTimeMs, content } = frame;
  return {
    id: frameId(frame),
    ...{ streamId, session, width: content.width, height: content.height },
    ptsMs: ptsUs / 1000,
    time: new Date(wallTimeMs).toISOString(),
    detections: found.detections.filter(worth),
    jpeg: await picture(frame).jpeg({ quality: 85 }).toBuffer(),
  };
}

/** At most so many pixels wide, for tiles. */
export function thumbnail(frame: Frame, width: number): Promise<Buffer> {
  return picture(frame).resize({ width, withoutEnlargement: true }).jpeg({ quality: 70 }).toBuffer();
}

/** Around the place, of its own sides. */
const CROP_MARGIN = 0.1;

export interface Crop {
  readonly width: number;
  readonly height: number;
  readonly jpeg: Buffer;
}

/** A place in a kept frame, with a little around it. @param box relative to the picture */
export async function cropOf({ width, height, jpeg }: KeptFrame, [x, y, w, h]: Box): Promise<Crop> {
  const edge = (share: number, side: number) => Math.min(1, Math.max(0, share)) * side;
  const left = Math.min(width - 1, Math.floor(edge(x - w * CROP_MARGIN, width)));
  const top = Math.min(height - 1, Math.floor(edge(y - h * CROP_MARGIN, height)));
  const right = Math.max(left + 1, Math.ceil(edge(x + w * (1 + CROP_MARGIN), width)));
  const bottom = Math.max(top + 1, Math.ceil(edge(y + h * (1 + CROP_MARGIN), height)));
  const size = { width: right - left, height: bottom - top };
  // Encoded for the second time: at a higher quality, so that nothing more is lost that one could see.
  const cut = sharp(jpeg).extract({ left, top, ...size });
  return { ...size, jpeg: await cut.jpeg({ quality: 95 }).toBuffer() };
}

function picture({ width, height, content, data }: Frame): Sharp {
  const { x: left, y: top, ...size } = content;
  return sharp(data, { raw: { width, height, channels: 3 } }).extract({ left, top, ...size });
}
