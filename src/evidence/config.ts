import { z } from 'zod';

/** A short video around each appearance; seconds are media time. */
export const clipSchema = z
  .strictObject({
    beforeSeconds: z.number().min(0).max(30).default(2),
    afterSeconds: z.number().min(0).max(30).default(2),
    /** Of the whole clip: of a longer appearance it shows the beginning. */
    maxSeconds: z.number().min(1).max(120).default(15),
    /** One whose picture is too restless for it is encoded more coarsely. */
    maxMegabytes: z.number().min(0.1).max(100).default(2),
    /** In memory: the last seconds of all streams, and as much again of clips that are being made. */
    memoryMegabytes: z.number().min(8).max(16_384).default(128),
  })
  .refine((clip) => clip.beforeSeconds < clip.maxSeconds, {
    path: ['beforeSeconds'],
    message: 'must be less than maxSeconds',
  });

export type ClipSection = z.infer<typeof clipSchema>;

/** The section `evidence` of the config. */
export const evidenceSchema = z.strictObject({
  /** Default: $XDG_DATA_HOME/logowatch/evidence */
  path: z.string().min(1).optional(),
  /** Since it was kept. */
  days: z.number().positive().max(36_500).default(30),
  /** Of the whole folder; the index in memory grows with it. */
  maxMegabytes: z.number().min(1).max(100_000).default(1_024),
  /** Left out: no clips. */
  clip: clipSchema.optional(),
});

export type EvidenceSection = z.infer<typeof evidenceSchema>;
