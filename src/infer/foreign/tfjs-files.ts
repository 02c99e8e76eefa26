import type { io } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { PLAIN_FILE_NAME } from '../model/schema.js';
import { foreignDamaged } from './errors.js';
import type { ForeignFiles } from './foreign.js';

/** What TensorFlow.js saves: the topology, and groups of weights in files beside it. */
const schema = z.object({
  format: z.enum(['layers-model', 'graph-model']).nullish(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(
    z.object({
      paths: z.array(z.string().regex(PLAIN_FILE_NAME, 'a weights file may not lie outside of the folder')),
      weights: z.array(z.record(z.string(), z.unknown())),
    }),
  ),
  signature: z.record(z.string(), z.unknown()).nullish(),
});
export type TfjsModel = z.infer<typeof schema>;

/**
 * Reads the JSON. TensorFlow.js joins the paths in it to the folder unchecked, so that `../` reads other files: only
 * plain names are let pass.
 */
export function parseTfjsModel(bytes: Uint8Array, path: string): TfjsModel {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw foreignDamaged('Not JSON', path, cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw foreignDamaged(`Not a TensorFlow.js model: ${issue?.path.join('.')}: ${issue?.message}`, path);
}

export const isGraphModel = (model: TfjsModel): boolean =>
  model.format === 'graph-model' || 'node' in model.modelTopology;

/** Hands a model in memory to TensorFlow.js. */
export function handlerOf(model: TfjsModel, files: ForeignFiles): io.IOHandler {
  const parts = model.weightsManifest
    .flatMap((group) => group.paths)
    .map((name) => {
      const part = files.parts.get(name);
      if (part === undefined) throw foreignDamaged('A file of weights is missing', name);
      return part;
    });
  const joined = Buffer.concat(parts);
  const artifacts: io.ModelArtifacts = {
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest.flatMap((g) => g.weights) as unknown as io.WeightsManifestEntry[],
    weightData: joined.buffer.slice(joined.byteOffset, joined.byteOffset + joined.length) as ArrayBuffer,
    ...(model.signature ? { signature: model.signature } : {}),
  };
  return { load: async () => artifacts };
}
