import { z } from 'zod';
import { LogowatchError } from '../../core/errors.js';
import type { ModelManifest } from '../manifest.js';
import { damaged } from '../network/shapes.js';
import { temporalSchema } from './temporal.js';

export const MODEL_FORMAT = 2;

/** A bare file name: a manifest from elsewhere must not make us read outside its folder. */
export const PLAIN_FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const fileName = z.string().max(200).regex(PLAIN_FILE_NAME, 'not a plain file name');
export const fileSchema = z.strictObject({
  file: fileName,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256'),
});
export const networkSchema = z.strictObject({ layers: fileSchema, weights: fileSchema });
export const sizeSchema = z.strictObject({
  width: z.int().min(32).max(4096),
  height: z.int().min(32).max(4096),
});
export const brandSchema = z.strictObject({
  label: z.string().min(1),
  logo: z.number().nonnegative(),
  look: z.number().nonnegative(),
  verify: z.number().nonnegative(),
  offset: z.number(),
  threshold: z.number().min(0).max(1),
});

/** Keys that a later version of the format adds are let pass. */
const manifestSchema = z.object({
  format: z.literal(MODEL_FORMAT),
  id: z.string().min(1),
  createdAt: z.string(),
  inputs: z.array(sizeSchema).min(1).max(16),
  trunk: networkSchema,
  head: networkSchema,
  brands: z
    .array(brandSchema)
    .min(1)
    .refine((brands) => new Set(brands.map((b) => b.label)).size === brands.length, 'a brand comes twice'),
  priorOdds: z.number().positive(),
  candidateLogit: z.number(),
  ranges: z.record(z.string(), z.tuple([z.number(), z.number()])).exactOptional(),
  means: z.record(z.string(), z.array(z.number())).exactOptional(),
  cropRanges: z.record(z.string(), z.tuple([z.number(), z.number()])).exactOptional(),
  cropMeans: z.record(z.string(), z.array(z.number())).exactOptional(),
  temporal: temporalSchema.exactOptional(),
  training: z.record(z.string(), z.unknown()).exactOptional(),
});

/** Errors: model-incompatible for another format, model-damaged. */
export function parseManifest(value: unknown, path: string): ModelManifest {
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format !== MODEL_FORMAT) {
    throw new LogowatchError(
      'model-incompatible',
      `The model has format ${format}, this program knows ${MODEL_FORMAT}`,
      {
        value: path,
        remedy:
          format > MODEL_FORMAT ? 'Update logowatch, or train the model again' : 'Train the model again',
      },
    );
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(`Not the manifest of a model: ${issue?.path.join('.')}: ${issue?.message}`, path);
}
