import { join } from 'node:path';
import { z } from 'zod';
import { LogowatchError } from '../../core/errors.js';
import {
  BOX_FORMS,
  FOREIGN_KINDS,
  type ForeignFiles,
  NORMALISATIONS,
  OUTPUT_KINDS,
} from '../foreign/foreign.js';
import type { ModelManifest } from '../manifest.js';
import { readChecked } from '../network/files.js';
import { damaged } from '../network/shapes.js';
import { brandSchema, fileSchema, MODEL_FORMAT, networkSchema, parseManifest, sizeSchema } from './schema.js';
import { temporalSchema } from './temporal.js';

const input = z.strictObject({
  width: z.int().min(8).max(4096),
  height: z.int().min(8).max(4096),
  layout: z.enum(['nhwc', 'nchw']),
  normalise: z.enum(NORMALISATIONS),
  aspect: z.enum(['stretch', 'keep']),
  margin: z.number().min(1).max(4),
});
const classes = z.int().min(1).max(100_000);
const output = z.discriminatedUnion('task', [
  z.strictObject({
    task: z.literal('classifier'),
    kind: z.enum(OUTPUT_KINDS),
    classes,
    noneLogit: z.number().exactOptional(),
  }),
  z.strictObject({ task: z.literal('detector'), form: z.enum(BOX_FORMS), classes }),
]);
const schema = z
  .strictObject({
    format: z.literal(MODEL_FORMAT),
    kind: z.literal('wrapped'),
    id: z.string().min(1),
    createdAt: z.string(),
    inputs: z.array(sizeSchema).min(1).max(16),
    trunk: networkSchema,
    /** `verify` alone; left out where no example pictures were given. */
    head: networkSchema.exactOptional(),
    foreign: z.strictObject({
      kind: z.enum(FOREIGN_KINDS),
      main: fileSchema,
      /** Files of weights; `name` is what the main file calls them. */
      parts: z.array(fileSchema.extend({ name: z.string().min(1) })).max(10_000),
      input,
      output,
    }),
    /** `channel`: the network's class. */
    brands: z.array(brandSchema.extend({ channel: z.int().nonnegative() })).min(1),
    priorOdds: z.number().positive(),
    temporal: temporalSchema.exactOptional(),
    training: z.record(z.string(), z.unknown()).exactOptional(),
  })
  .refine(
    ({ brands, foreign }) => brands.every((b) => b.channel < foreign.output.classes),
    'a brand has no class',
  )
  .refine(({ brands }) => new Set(brands.map((b) => b.label)).size === brands.length, 'a brand comes twice');

/** A model folder whose classifier or detector is the user's own. */
export type WrappedManifest = z.infer<typeof schema>;

export function isWrapped(value: unknown): boolean {
  return (value as { kind?: unknown } | null)?.kind === 'wrapped';
}

/** Errors: model-incompatible for another format, model-damaged. */
export function parseWrapped(value: unknown, path: string): WrappedManifest {
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format !== MODEL_FORMAT)
    throw new LogowatchError(
      'model-incompatible',
      `The model has format ${format}, this program knows ${MODEL_FORMAT}`,
      { value: path, remedy: 'Wrap your network again' },
    );
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(`Not the manifest of a wrapped model: ${issue?.path.join('.')}: ${issue?.message}`, path);
}

/** The manifest of a model folder of any kind. Errors: model-incompatible, model-damaged. */
export function parseAnyManifest(value: unknown, path: string): ModelManifest | WrappedManifest {
  return isWrapped(value) ? parseWrapped(value, path) : parseManifest(value, path);
}

/** The user's files, each after its hash was found right. Errors: model-missing, model-damaged. */
export async function readForeign(folder: string, { foreign }: WrappedManifest): Promise<ForeignFiles> {
  const read = (f: { file: string; sha256: string }) => readChecked(join(folder, f.file), f.sha256);
  const parts = new Map<string, Uint8Array>();
  for (const part of foreign.parts) parts.set(part.name, await read(part));
  return { kind: foreign.kind, main: await read(foreign.main), parts };
}
