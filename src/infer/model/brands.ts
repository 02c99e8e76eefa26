import type { ModelManifest } from '../manifest.js';
import { readManifest } from './load.js';
import { parseAnyManifest } from './wrapped.js';

/** What a model of any kind says of its brands. Errors: model-missing, model-damaged, model-incompatible. */
export async function readBrands(folder: string): Promise<Pick<ModelManifest, 'brands' | 'priorOdds'>> {
  const { path, value } = await readManifest(folder);
  return parseAnyManifest(value, path);
}
