import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import type { Dataset } from './datasets/dataset.js';
import type { Negatives } from './datasets/negatives.js';

/** Grows when composition or quantisation change, so that features of an older program are not gone on with. */
const FEATURES_VERSION = 4;

/** Names what a run's frames are a function of: two runs with one key may share features. */
export function runKey(run: { dataset: Dataset; negatives: Negatives; seed: number; trunk: string }): string {
  const { dataset, negatives, seed, trunk } = run;
  const hash = createHash('sha256');
  const at = (file: string): string => relative(dataset.root, file);
  hash.update(JSON.stringify([FEATURES_VERSION, seed, trunk, dataset.brands]));
  for (const image of dataset.images)
    hash.update(JSON.stringify([at(image.file), image.width, image.height, image.boxes]));
  hash.update(JSON.stringify([dataset.art.map((a) => [a.label, at(a.file)]), dataset.negatives.map(at)]));
  hash.update(
    JSON.stringify([
      negatives.pictures.map(at),
      negatives.art.map((a) => at(a.file)),
      negatives.distractors.map((d) => [at(d.file), d.boxes]),
    ]),
  );
  return hash.digest('hex').slice(0, 32);
}
