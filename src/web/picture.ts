import { createHash } from 'node:crypto';
import sharp, { type Sharp } from 'sharp';
import type { LookedAt } from '../bus/tapped.js';
import type { Detection } from '../core/detection.js';
import type { Frame } from '../core/frame.js';

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

function picture({ width, height, content, data }: Frame): Sharp {
  const { x: left, y: top, ...size } = content;
  return sharp(data, { raw: { width, height, channels: 3 } }).extract({ left, top, ...size });
}
