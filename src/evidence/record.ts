import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Appearance } from '../core/appearance.js';
import { cropOf, type KeptFrame } from './picture.js';

export const [FRAME_FILE, CROP_FILE, RECORD_FILE] = ['frame.jpg', 'crop.jpg', 'evidence.json'] as const;

const box = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const picture = z.object({
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const schema = z.object({
  format: z.literal(1),
  /** ISO 8601, UTC: its age counts from here. */
  keptAt: z.iso.datetime(),
  appearanceId: z.string(),
  streamId: z.string(),
  session: z.string(),
  label: z.string(),
  startTime: z.string(),
  endTime: z.string(),
  modelId: z.string(),
  modelHash: z.string(),
  /** What was found of this label in this frame; relative to the picture. */
  box,
  score: z.number(),
  /** `id` names stream, session and time; `ptsMs` is media time within the session. */
  frame: picture.extend({ id: z.string(), ptsMs: z.number(), time: z.string() }),
  crop: picture,
  detections: z.array(
    z.object({ label: z.string(), score: z.number(), llr: z.number(), confident: z.boolean(), box }),
  ),
});

/** What evidence.json holds beside the two pictures. */
export type EvidenceRecord = z.infer<typeof schema>;

/** Evidence of an appearance, as it is written: a record and the bytes of each file. */
export interface NewEvidence {
  readonly record: EvidenceRecord;
  readonly files: ReadonlyMap<string, Buffer>;
}

export async function evidenceOf(a: Appearance, kept: KeptFrame, nowMs: number): Promise<NewEvidence> {
  const { label, streamId, session, startTime, endTime, modelId, modelHash } = a;
  const { jpeg, width, height, id, ptsMs, time } = kept;
  const detections = kept.detections.map((d) => ({ ...d, box: [...d.box] as EvidenceRecord['box'] }));
  const own = bestOf(label, detections);
  const place: EvidenceRecord['box'] = [...(own?.box ?? a.box)];
  const { jpeg: cropJpeg, ...cropSize } = await cropOf(kept, place);
  const record: EvidenceRecord = {
    format: 1,
    keptAt: new Date(nowMs).toISOString(),
    ...{ appearanceId: a.id, streamId, session, label, startTime, endTime, modelId, modelHash },
    ...{ box: place, score: own?.score ?? a.score },
    frame: { id, ptsMs, time, width, height, bytes: jpeg.length, sha256: sha256(jpeg) },
    crop: { ...cropSize, bytes: cropJpeg.length, sha256: sha256(cropJpeg) },
    detections,
  };
  const files = new Map([
    [FRAME_FILE, jpeg],
    [CROP_FILE, cropJpeg],
    [RECORD_FILE, Buffer.from(`${JSON.stringify(record, null, 1)}\n`)],
  ]);
  return { record, files };
}

/** Undefined where it is whole, but of a version that this program does not know. Throws on what is not whole. */
export function parseRecord(text: string): EvidenceRecord | undefined {
  return schema.safeParse(JSON.parse(text)).data;
}

/** The frame as the page shows it. */
export function keptFrameOf(record: EvidenceRecord, jpeg: Buffer): KeptFrame {
  const { streamId, session, detections } = record;
  const { id, ptsMs, time, width, height } = record.frame;
  return { id, streamId, session, ptsMs, time, width, height, detections, jpeg };
}

export function bestOf<D extends { label: string; score: number }>(
  label: string,
  detections: readonly D[],
): D | undefined {
  return detections.filter((d) => d.label === label).sort((a, b) => b.score - a.score)[0];
}

/** Tells nothing of what it names, and cannot be guessed: 32 hex digits. */
export const opaqueName = (): string => randomBytes(16).toString('hex');

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
