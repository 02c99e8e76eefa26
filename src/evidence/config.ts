import { z } from 'zod';

/** The section `evidence` of the config. */
export const evidenceSchema = z.strictObject({
  /** Default: $XDG_DATA_HOME/logowatch/evidence */
  path: z.string().min(1).optional(),
  /** Since it was kept. */
  days: z.number().positive().max(36_500).default(30),
  /** Of the whole folder; the index in memory grows with it. */
  maxMegabytes: z.number().min(1).max(100_000).default(1_024),
});

export type EvidenceSection = z.infer<typeof evidenceSchema>;
