import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, LogowatchError } from '../../core/errors.js';
import type { FileReference, ModelManifest, NetworkReference } from '../manifest.js';
import { saveNetwork, type TensorType } from '../network/files.js';
import type { Network } from '../network.js';
import { MANIFEST_FILE } from './load.js';
import { MODEL_FORMAT, parseManifest } from './schema.js';

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
    if (cause instanceof LogowatchError) throw cause;
    const full = errnoCode(cause) === 'ENOSPC';
    throw new LogowatchError(full ? 'disk-full' : 'internal', 'The model cannot be written', {
      value: folder,
      remedy: full ? 'Free some space' : 'Check that the folder can be written',
      cause,
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
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
