import { z } from 'zod';
import type { EvidenceTail } from '../smooth/tail.js';

/** What `logowatch calibrate` wrote for one brand. */
export interface BrandOnset {
  readonly label: string;
  readonly driftLlr: number;
  readonly thresholdLlr: number;
  /** Rises of the evidence on the logo-free footage that the threshold comes from; the first level is `tail.from`. */
  readonly tail: EvidenceTail;
  /** Rises of this brand above `tail.from`. */
  readonly peaks: number;
}

/** The optional section `temporal` of a manifest: the onset test for a wanted rate, and what it was measured on. */
export interface TemporalCalibration {
  /** Wanted false appearances an hour of one stream, all brands together. */
  readonly falsePerHour: number;
  /** ISO 8601 */
  readonly createdAt: string;
  /** `video`: real logo-free footage; `composed`: made up from pictures. */
  readonly footage: 'video' | 'composed';
  readonly hours: number;
  readonly frames: number;
  /** Media time between the frames, milliseconds: faster sampling does not count as more evidence. */
  readonly intervalMs: number;
  /** Integrated autocorrelation time of the evidence, and the length of the blocks taken as exchangeable; seconds. */
  readonly correlationS: number;
  readonly blockS: number;
  readonly blocks: number;
  /** Rises of all brands, whatever their height. */
  readonly peaks: number;
  /** Expected by the fitted tails at the thresholds, with a 95 % interval from resampled blocks. */
  readonly expectedPerHour: number;
  readonly expectedPerHourInterval: readonly [low: number, high: number];
  /** Appearances that the thresholds would have opened on the footage itself... */
  readonly openings: number;
  /** ...and the exact one-sided 95 % upper bound of their rate: all that is proved without a model of the tail. */
  readonly provedPerHour: number;
  readonly brands: readonly BrandOnset[];
}

const rate = z.number().min(0);
const tail = z.object({ from: z.number(), perHour: rate, shape: z.number(), scale: z.number().positive() });
const brand = z.object({
  label: z.string().min(1),
  driftLlr: z.number().min(0),
  thresholdLlr: z.number().positive(),
  tail,
  peaks: z.int().min(0),
});

/** As in the manifest, keys that a later version adds are let pass. */
export const temporalSchema = z.object({
  falsePerHour: z.number().positive(),
  createdAt: z.string(),
  footage: z.enum(['video', 'composed']),
  hours: z.number().positive(),
  frames: z.int().min(1),
  intervalMs: z.number().positive(),
  correlationS: rate,
  blockS: z.number().positive(),
  blocks: z.int().min(1),
  peaks: z.int().min(0),
  expectedPerHour: rate,
  expectedPerHourInterval: z.tuple([rate, rate]),
  openings: z.int().min(0),
  provedPerHour: rate,
  brands: z.array(brand),
});
