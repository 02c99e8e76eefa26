import { z } from 'zod';
import { rateCardSchema } from './rates.js';

const weight = z.number().min(0).default(1);

/** Weights of the quality index; they count in proportion to each other. */
const qualitySchema = z
  .strictObject({ size: weight, position: weight, clarity: weight, solus: weight })
  .refine((w) => w.size + w.position + w.clarity + w.solus > 0, 'one weight at least must be above 0');

/** `exposure` in the config: what figures mean. docs/exposure.md has the formulas. */
export const exposureSchema = z.strictObject({
  /** Edges of the size bands, shares of the screen's area. */
  bands: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .max(9)
    .refine(
      (edges) => edges.every((e, i) => i === 0 || e > edges[i - 1]!),
      'each must be above the one before',
    )
    .default([0.025, 0.05, 0.1]),
  /** A mark that covers so much of the screen, or more, is as large as the quality index can tell. */
  sizeFull: z.number().gt(0).max(1).default(0.1),
  /** A mark whose shorter side is so much of the picture's height, or more, is not held to be less clear for its size. */
  legibleSide: z.number().gt(0).max(1).default(0.05),
  quality: qualitySchema.default({ size: 1, position: 1, clarity: 1, solus: 1 }),
  rates: rateCardSchema.optional(),
});

export type ExposureSettings = z.infer<typeof exposureSchema>;
export type QualityWeights = ExposureSettings['quality'];
