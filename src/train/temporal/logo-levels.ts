import type { ModelManifest } from '../../infer/manifest.js';

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
    brands.map(({ label, threshold }) => {
      const score = Math.min(1 - 1e-6, Math.max(1e-6, threshold));
      const llr = Math.log(score / (1 - score)) - Math.log(priorOdds);
      return [label, ABOVE_THRESHOLD.map((above) => llr + above)];
    }),
  );
  return (label) => levels.get(label) ?? [];
}
