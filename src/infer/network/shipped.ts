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

/** Trunks in models/, newest first: a model that names one by its hashes need not carry it. */
const TRUNKS: readonly ShippedTrunk[] = [
  {
    name: 'efficientnet-lite0',
    folder: 'efficientnet-lite0',
    reference: {
      layers: {
        file: 'trunk.json',
        sha256: 'c69b267b59582618ae30556e75493cf5147ae79043099e9f312e498a4ec69012',
      },
      weights: {
        file: 'trunk.bin',
        sha256: '77a2db29a59d2e773bbd874b858bc2867ee22cbde032e1ff2008a04a507ff258',
      },
    },
  },
];

export function shippedTrunks(): readonly ShippedTrunk[] {
  return TRUNKS.map((trunk) => ({ ...trunk, folder: join(repoRoot(), 'models', trunk.folder) }));
}

/** The trunk that new models are trained on. */
export function shippedTrunk(): ShippedTrunk {
  return shippedTrunks()[0]!;
}

/** Its outputs are the layers of TRUNK_TAPS. */
export async function loadShippedTrunk(trunk: ShippedTrunk = shippedTrunk()): Promise<Network> {
  const { layers, weights } = trunk.reference;
  return loadNetwork(join(trunk.folder, layers.file), join(trunk.folder, weights.file), {
    layers: layers.sha256,
    weights: weights.sha256,
  });
}
