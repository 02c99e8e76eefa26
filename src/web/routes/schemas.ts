import { z } from 'zod';
import { VERDICTS } from '../../store/store.js';

const share = z.number();
export const boxSchema = z.tuple([share, share, share, share]);

export const verdictSchema = z.object({
  appearanceId: z.string(),
  verdict: z.enum(VERDICTS),
  by: z.string(),
  at: z.string(),
  note: z.string().nullable(),
});

/** The event as sinks get it, and what was said of it. Later versions may add keys. */
export const appearanceSchema = z.looseObject({
  id: z.string(),
  revision: z.int(),
  state: z.enum(['started', 'ongoing', 'ended']),
  streamId: z.string(),
  session: z.string(),
  label: z.string(),
  startPtsMs: z.number(),
  endPtsMs: z.number(),
  startTime: z.string(),
  endTime: z.string(),
  endReason: z.string().nullable(),
  score: z.number(),
  meanScore: z.number(),
  box: boxSchema,
  areaMean: z.number(),
  areaMax: z.number(),
  exposureMs: z.number(),
  coverage: z.number(),
  frames: z.int(),
  modelId: z.string(),
  modelHash: z.string(),
  verdict: verdictSchema.nullable(),
});

export const detectionSchema = z.object({
  label: z.string(),
  score: z.number(),
  llr: z.number(),
  confident: z.boolean(),
  box: boxSchema,
});

export const missedSchema = z.object({
  id: z.string(),
  frame: z.string(),
  label: z.string(),
  box: boxSchema,
});

/** A frame that is kept; GET /api/frames/{id} has its picture. */
export const frameSchema = z.object({
  id: z.string(),
  streamId: z.string(),
  ptsMs: z.number(),
  time: z.string(),
  width: z.int(),
  height: z.int(),
  detections: z.array(detectionSchema),
  missed: z.array(missedSchema),
});

export const streamId = z.string().regex(/^[\w.-]{1,64}$/);
/** Ids are opaque; none is longer. */
export const anyId = z.string().min(1).max(200);
export const frameIdSchema = z.string().regex(/^[0-9a-f]{12}$/);

/** Comma-separated. */
export const listOf = (item: z.ZodType<string, string>, max: number) =>
  z
    .string()
    .max(16_384)
    .transform((text) => text.split(',').filter((part) => part !== ''))
    .pipe(z.array(item).max(max));
