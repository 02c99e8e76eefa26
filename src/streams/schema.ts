import { z } from 'zod';

/** What may be set for all streams under `defaults`, and again for one of them. */
export const streamSettings = {
  /** Frames sampled a second of media time. */
  fps: z.number().positive().max(60),
  rtspTransport: z.enum(['tcp', 'udp']),
  keyframesOnly: z.boolean(),
  connectTimeoutMs: z.number().int().min(100),
  /** No frame for so long: the source is reopened. */
  stallTimeoutMs: z.number().int().min(500),
};

export const streamIdSchema = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'use 1 to 64 letters, digits, dots, dashes or underscores');

/** A stream without its id: what the API takes. */
export const streamBodySchema = z.strictObject({
  url: z.string().min(1).max(4096),
  ...z.object(streamSettings).partial().shape,
});

export const streamSchema = z.strictObject({ id: streamIdSchema, ...streamBodySchema.shape });

export type StreamConfig = z.infer<typeof streamSchema>;
