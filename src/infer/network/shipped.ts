import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../core/root.js';
import type { NetworkReference } from '../manifest.js';
import type { Network } from '../network.js';
import { loadNetwork } from './files.js';

export interface ShippedTrunk {
  readonly name: string;
  /** The folder that holds both files. */
  readonly folder: string;
  readonly reference: NetworkReference;
}

/** Folders in models/, newest first: a model that names one by its hashes need not carry it. */
const NAMES = ['logo-net', 'efficientnet-lite0'] as const;

export function shippedTrunks(): readonly ShippedTrunk[] {
  return NAMES.map((name) => {
    const folder = join(repoRoot(), 'models', name);
    // Written with the files; a model's manifest names the hashes again, and both are checked when loading.
    const reference = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as NetworkReference;
    return { name, folder, reference };
  });
}

/** The network that new models are trained on. */
export function shippedTrunk(): ShippedTrunk {
  return shippedTrunks()[0]!;
}

/** By default the one that new models are trained on: see HEAD_STRIDES and CROP_PX for what it gives. */
export async function loadShippedTrunk(trunk: ShippedTrunk = shippedTrunk()): Promise<Network> {
  const { layers, weights } = trunk.reference;
  return loadNetwork(join(trunk.folder, layers.file), join(trunk.folder, weights.file), {
    layers: layers.sha256,
    weights: weights.sha256,
  });
}
