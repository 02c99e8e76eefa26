import { join } from 'node:path';
import { overlapShare } from '../core/geometry.js';
import type { Detector } from '../infer/detector.js';
import { loadImage } from '../infer/image.js';
import { type Judged, readCandidates, readVerdicts } from './apply.js';

/** How a model does on places that people have judged. */
export interface Standing {
  /** Places with the logo, and how many of them the model reports. */
  readonly logos: number;
  readonly found: number;
  /** Places without it, and how many of them the model takes for it. */
  readonly others: number;
  readonly taken: number;
  /** Pictures looked at. */
  readonly pictures: number;
}

/** Of the smaller box, covered by the other: the model means that place. */
const SAME_PLACE_SHARE = 0.5;

/**
 * Looks at the pictures of a folder that `mine` or the page's review made, as the pipeline would, at the model's own thresholds.
 * Places that are unsure or not judged do not count. Errors: dataset-invalid, usage, image-unreadable.
 */
export async function standingOf(
  detector: Detector,
  folder: string,
  verdictsFile: string,
): Promise<Standing> {
  const candidates = await readCandidates(folder);
  const verdicts = await readVerdicts(verdictsFile, candidates);
  const pictures = new Map<string, Judged[]>();
  for (const c of candidates) {
    const verdict = verdicts.get(c.id);
    if (verdict === 'logo' || verdict === 'not-the-logo')
      pictures.set(c.file, [...(pictures.get(c.file) ?? []), c]);
  }
  const count = { logos: 0, found: 0, others: 0, taken: 0 };
  for (const [file, places] of pictures) {
    const { image } = await loadImage(join(folder, file), detector.model.inputs);
    const [detections = []] = await detector.detect([image]);
    for (const { id, label, box, width, height } of places) {
      const place = [box[0] / width, box[1] / height, box[2] / width, box[3] / height] as const;
      const reported = detections.some(
        (d) => d.label === label && overlapShare(d.box, place) >= SAME_PLACE_SHARE,
      );
      const isLogo = verdicts.get(id) === 'logo';
      count[isLogo ? 'logos' : 'others']++;
      if (reported) count[isLogo ? 'found' : 'taken']++;
    }
  }
  return { ...count, pictures: pictures.size };
}

/** No worse in either, and better in one. */
export const isBetter = (next: Standing, old: Standing): boolean =>
  next.taken <= old.taken && next.found >= old.found && (next.taken < old.taken || next.found > old.found);
