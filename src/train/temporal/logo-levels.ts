import type { ModelManifest } from '../../infer/manifest.js';
import { frameLevels } from '../../infer/model/onset.js';

/**
 * The threshold lies where about half of the logos reach it in a frame: a weak, a middling and a strong one give so
 * much more than it, nats.
 */
const ABOVE_THRESHOLD = [-1, 0, 2];

/** Evidence in a frame that a brand's logos are taken to give, from the threshold that training has set; nats. */
export function logoLevels({
  brands,
  priorOdds,
}: Pick<ModelManifest, 'brands' | 'priorOdds'>): (label: string) => readonly number[] {
  const levels = new Map(
    Object.entries(frameLevels({ brands, priorOdds })).map(([label, llr]) => [
      label,
      ABOVE_THRESHOLD.map((above) => llr + above),
    ]),
  );
  return (label) => levels.get(label) ?? [];
}
