import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDiskFull, LogowatchError } from '../../core/errors.js';
import type { FileReference, ModelManifest, NetworkReference } from '../manifest.js';
import { saveNetwork, type TensorType } from '../network/files.js';
import type { Network } from '../network.js';
import { MANIFEST_FILE, readManifest } from './load.js';
import { MODEL_FORMAT, parseManifest } from './schema.js';
import type { TemporalCalibration } from './temporal.js';
import { parseAnyManifest } from './wrapped.js';

export interface ModelToSave {
  readonly manifest: Omit<ModelManifest, 'format' | 'head' | 'trunk'>;
  readonly head: Network;
  readonly headType?: TensorType;
  /** A reference to a shipped trunk, or a trunk of the model's own, which is then written beside it. */
  readonly trunk: NetworkReference | Network;
  readonly trunkType?: TensorType;
}

/** Network files bear a part of their hash, so that a new model never overwrites what the old manifest names. */
const NETWORK_FILE = /^(?:head|trunk|network)-[0-9a-f]{12}\.(?:json|bin|onnx)$/;

/**
 * Writes a model into a folder, which may hold an older model and other files. The renaming of model.json is what
 * makes it valid: at every moment the folder holds the old model or the new one, whole.
 */
export async function saveModel(folder: string, model: ModelToSave): Promise<ModelManifest> {
  const staging = join(folder, `.saving-${randomUUID()}`);
  try {
    await mkdir(staging, { recursive: true });
    const head = await stage(staging, folder, 'head', model.head, model.headType);
    const trunk =
      'outputs' in model.trunk
        ? await stage(staging, folder, 'trunk', model.trunk, model.trunkType)
        : model.trunk;
    const manifest = parseManifest({ format: MODEL_FORMAT, ...model.manifest, trunk, head }, folder);
    await writeFile(join(staging, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(join(staging, MANIFEST_FILE), join(folder, MANIFEST_FILE));
    await removeOlder(folder, [head.layers, head.weights, trunk.layers, trunk.weights]);
    return manifest;
  } catch (cause) {
    throw cannotWrite(folder, cause);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Writes the section `temporal` into the manifest of a model that is there, in one step; everything else in it stays,
 * keys of later versions too. The model's hash changes with it: other thresholds give other appearances.
 * Errors: model-missing, model-damaged, model-incompatible, disk-full.
 */
export async function saveTemporal(folder: string, temporal: TemporalCalibration): Promise<void> {
  const { path, value } = await readManifest(folder);
  const changed = { ...(value as Record<string, unknown>), temporal };
  parseAnyManifest(changed, path);
  const staged = join(folder, `.${MANIFEST_FILE}-${randomUUID()}`);
  try {
    await writeFile(staged, `${JSON.stringify(changed, null, 2)}\n`);
    await rename(staged, path);
  } catch (cause) {
    throw cannotWrite(folder, cause);
  } finally {
    await rm(staged, { force: true });
  }
}

function cannotWrite(folder: string, cause: unknown): LogowatchError {
  if (cause instanceof LogowatchError) return cause;
  const full = isDiskFull(cause);
  return new LogowatchError(full ? 'disk-full' : 'internal', 'The model cannot be written', {
    value: folder,
    remedy: full ? 'Free some space' : 'Check that the folder can be written',
    cause,
  });
}

/** Puts a network's two files into the folder, by way of another one on the same disk. */
export async function stage(
  staging: string,
  folder: string,
  base: string,
  network: Network,
  dtype: TensorType = 'float32',
): Promise<NetworkReference> {
  const { layers, weights } = await saveNetwork(network, staging, base, { dtype });
  const place = async ({ file, sha256 }: FileReference, extension: string): Promise<FileReference> => {
    const name = `${base}-${sha256.slice(0, 12)}.${extension}`;
    await rename(join(staging, file), join(folder, name));
    return { file: name, sha256 };
  };
  return { layers: await place(layers, 'json'), weights: await place(weights, 'bin') };
}

/** Removes network files that an older manifest named. */
export async function removeOlder(folder: string, used: readonly FileReference[]): Promise<void> {
  const keep = new Set(used.map((f) => f.file));
  for (const name of await readdir(folder)) {
    if (NETWORK_FILE.test(name) && !keep.has(name)) await rm(join(folder, name), { force: true });
  }
}
