import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, LogowatchError } from '../../core/errors.js';
import { repoRoot } from '../../core/root.js';
import type { ModelInfo } from '../detector.js';
import type { ModelManifest, NetworkReference } from '../manifest.js';
import { joinNetworks } from '../network/compose.js';
import { headLayer } from '../network/decode.js';
import { loadNetwork, parseJson, readChecked, sha256 } from '../network/files.js';
import { damaged, layerShapes } from '../network/shapes.js';
import { HEAD_STRIDES, type Network } from '../network.js';
import { parseManifest } from './schema.js';

export const MANIFEST_FILE = 'model.json';
/** Channels of a head beside its brands: left, top, right, bottom. */
const BOX_CHANNELS = 4;

export interface LoadedModel {
  readonly manifest: ModelManifest;
  /** Trunk and head joined; its outputs are head8 and head16. */
  readonly network: Network;
  readonly info: Omit<ModelInfo, 'engine'>;
}

/** Errors: model-missing, model-damaged (names the file), model-incompatible. */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const path = join(folder, MANIFEST_FILE);
  const bytes = await readManifest(folder, path);
  const manifest = parseManifest(parseJson(bytes, path), path);
  const head = await loadReferenced(folder, manifest.head);
  const trunk = await loadReferenced(await trunkFolder(folder, manifest.trunk), manifest.trunk);
  const network = joinNetworks(trunk, head);
  checkHead(network, manifest, path);
  const info = {
    id: manifest.id,
    // The manifest holds the hashes of all other files, so its own stands for the whole model.
    hash: sha256(bytes),
    labels: manifest.brands.map((b) => b.label),
    inputs: manifest.inputs,
    ...(manifest.temporal === undefined ? {} : { temporal: manifest.temporal }),
  };
  return { manifest, network, info };
}

/** Errors: model-missing, model-damaged. */
export async function readManifest(folder: string, path: string): Promise<Buffer> {
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

async function loadReferenced(folder: string, { layers, weights }: NetworkReference): Promise<Network> {
  return loadNetwork(join(folder, layers.file), join(folder, weights.file), {
    layers: layers.sha256,
    weights: weights.sha256,
  });
}

/** The model's own folder where it carries its trunk, else the shipped folder that holds files of these hashes. */
async function trunkFolder(folder: string, { layers, weights }: NetworkReference): Promise<string> {
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

function checkHead(network: Network, manifest: ModelManifest, path: string): void {
  const expected = new Set<string>(HEAD_STRIDES.map(headLayer));
  const first = manifest.inputs[0]!;
  const shapes = layerShapes(network, first.width, first.height);
  for (const name of network.outputs) {
    if (!expected.has(name)) throw damaged(`The head has an output ${name} that is not known`, path);
    const channels = shapes.get(name)!.channels;
    if (channels !== manifest.brands.length + BOX_CHANNELS) {
      throw damaged(`Output ${name} of the head has ${channels} channels, which do not fit the brands`, path);
    }
  }
}
