import type { ModelInfo } from '../detector.js';
import type { ModelManifest } from '../manifest.js';
import { sha256 } from '../network/files.js';
import { readManifest } from './load.js';
import { frameLevels } from './onset.js';
import { parseAnyManifest } from './wrapped.js';

/** What a model of any kind says of its brands. Errors: model-missing, model-damaged, model-incompatible. */
export async function readBrands(folder: string): Promise<Pick<ModelManifest, 'brands' | 'priorOdds'>> {
  const { path, value } = await readManifest(folder);
  return parseAnyManifest(value, path);
}

/** What the temporal stage takes from a model of any kind; its networks are not read. Errors as above. */
export async function readTemporalInfo(
  folder: string,
): Promise<Pick<ModelInfo, 'hash' | 'labels' | 'temporal' | 'levels'>> {
  const { path, bytes, value } = await readManifest(folder);
  const manifest = parseAnyManifest(value, path);
  return {
    hash: sha256(bytes),
    labels: manifest.brands.map(({ label }) => label),
    levels: frameLevels(manifest),
    ...(manifest.temporal === undefined ? {} : { temporal: manifest.temporal }),
  };
}
