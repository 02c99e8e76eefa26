import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, LogowatchError } from '../../core/errors.js';
import { repoRoot } from '../../core/root.js';
import type { ModelInfo } from '../detector.js';
import type { ModelManifest, NetworkReference } from '../manifest.js';
import { joinNetworks } from '../network/compose.js';
import { loadNetwork, parseJson, readChecked, sha256 } from '../network/files.js';
import { damaged } from '../network/shapes.js';
import { brandLayer, HEAD_STRIDES, type Network, placeLayer, VERIFY_LAYER } from '../network.js';
import { frameLevels } from './onset.js';
import { parseManifest } from './schema.js';
import { isWrapped } from './wrapped.js';

export const MANIFEST_FILE = 'model.json';

/** The outputs of the first look, and of the second. */
export const LOOK_OUTPUTS = HEAD_STRIDES.flatMap((s) => [brandLayer(s), placeLayer(s)]);
export const VERIFY_OUTPUTS = [VERIFY_LAYER];

export interface LoadedModel {
  readonly manifest: ModelManifest;
  /** The first look, at whole pictures: brand and place on every stride. */
  readonly look: Network;
  /** The second look, at crops. */
  readonly verify: Network;
  readonly info: Omit<ModelInfo, 'engine'>;
}

/** Errors: model-missing, model-damaged (names the file), model-incompatible. */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const { path, bytes, value } = await readManifest(folder);
  if (isWrapped(value)) throw notOurs(folder);
  const manifest = parseManifest(value, path);
  const head = await loadReferenced(folder, manifest.head);
  const trunk = await loadReferenced(await trunkFolder(folder, manifest.trunk), manifest.trunk);
  checkHead(head, manifest, path);
  const look = joinNetworks(trunk, head, LOOK_OUTPUTS);
  const verify = joinNetworks(trunk, head, VERIFY_OUTPUTS);
  const info = {
    id: manifest.id,
    // The manifest holds the hashes of all other files, so its own stands for the whole model.
    hash: sha256(bytes),
    labels: manifest.brands.map((b) => b.label),
    inputs: manifest.inputs,
    levels: frameLevels(manifest),
    ...(manifest.temporal === undefined ? {} : { temporal: manifest.temporal }),
  };
  return { manifest, look, verify, info };
}

/** The head alone, as it was saved. Errors: model-damaged. */
export const loadHead = (folder: string, manifest: ModelManifest): Promise<Network> =>
  loadReferenced(folder, manifest.head);

/** model.json, not yet checked for its form. Errors: model-missing, model-damaged. */
export async function readManifest(folder: string): Promise<{ path: string; bytes: Buffer; value: unknown }> {
  const path = join(folder, MANIFEST_FILE);
  const bytes = await readManifestFile(folder, path);
  return { path, bytes, value: parseJson(bytes, path) };
}

async function readManifestFile(folder: string, path: string): Promise<Buffer> {
  try {
    if (!(await stat(folder)).isDirectory()) throw missing('A model is a folder, this is a file', folder);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw error;
    throw missing('The model folder does not exist', folder);
  }
  try {
    return await readChecked(path);
  } catch (error) {
    if (errnoCode((error as Error).cause) !== 'ENOENT') throw error;
    throw missing(`The folder holds no ${MANIFEST_FILE}, so it is no model`, folder);
  }
}

function missing(message: string, value: string): LogowatchError {
  return new LogowatchError('model-missing', message, {
    value,
    remedy: 'Name the folder that `logowatch train -o FOLDER` made',
  });
}

function notOurs(value: string): LogowatchError {
  return new LogowatchError(
    'model-incompatible',
    'The model wraps a network of your own: it has no head of ours',
    {
      value,
      remedy: 'Name a model that `logowatch train` made',
    },
  );
}

export async function loadReferenced(
  folder: string,
  { layers, weights }: NetworkReference,
): Promise<Network> {
  return loadNetwork(join(folder, layers.file), join(folder, weights.file), {
    layers: layers.sha256,
    weights: weights.sha256,
  });
}

/** The model's own folder where it carries its trunk, else the shipped folder that holds files of these hashes. */
export async function trunkFolder(folder: string, { layers, weights }: NetworkReference): Promise<string> {
  if (await exists(join(folder, layers.file))) return folder;
  const shipped = join(repoRoot(), 'models');
  const names = await readdir(shipped).catch(() => []);
  for (const name of names.sort()) {
    const candidate = join(shipped, name);
    const same = await Promise.all(
      [layers, weights].map(async ({ file, sha256: hash }) => {
        const path = join(candidate, file);
        return (await exists(path)) && sha256(await readChecked(path)) === hash;
      }),
    );
    if (same.every(Boolean)) return candidate;
  }
  throw new LogowatchError(
    'model-missing',
    'The trunk that the model was made on is neither in its folder nor shipped',
    {
      value: join(folder, layers.file),
      remedy: 'Update logowatch, copy the trunk into the model folder, or train again',
    },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
}

function checkHead(head: Network, { brands }: ModelManifest, path: string): void {
  const expected = new Set([...HEAD_STRIDES.map(brandLayer), VERIFY_LAYER]);
  for (const name of head.outputs) {
    if (!expected.delete(name)) throw damaged(`The head has an output ${name} that is not known`, path);
    const layer = head.layers.find((l) => l.name === name);
    const bias = layer !== undefined && 'bias' in layer ? head.tensors.get(layer.bias) : undefined;
    if (bias?.data.length !== brands.length) {
      throw damaged(`Output ${name} of the head does not fit the model's ${brands.length} brands`, path);
    }
  }
  for (const name of expected) throw damaged(`The head has no output ${name}`, path);
}
