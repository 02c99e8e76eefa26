import type { ContentRect } from '../../core/frame.js';
import type { Box } from '../../core/geometry.js';
import type { FeatureMaps } from '../engines/engine.js';
import { placeLayer } from '../network.js';
import { type Candidate, candidateAt, mapOf } from './candidates.js';
import { CROP_MARGIN } from './crop.js';

/** Side of a window as a share of the picture's, and where windows begin along an axis. */
const SHARE = 0.6;
const STARTS = [0, (1 - SHARE) / 2, 1 - SHARE];
const STRIDE = 32;

/**
 * Boxes whose crops are the whole picture and nine overlapping parts of it: close-ups, and whatever the first look takes
 * for no logo.
 */
export function windowBoxes({ x, y, width, height }: ContentRect): Box[] {
  const parts = STARTS.flatMap((v) => STARTS.map((u): Box => [u, v, SHARE, SHARE]));
  return [[0, 0, 1, 1] as Box, ...parts].map(([u, v, w, h]) => {
    const [boxWidth, boxHeight] = [(w * width) / CROP_MARGIN, (h * height) / CROP_MARGIN];
    return [
      x + (u + w / 2) * width - boxWidth / 2,
      y + (v + h / 2) * height - boxHeight / 2,
      boxWidth,
      boxHeight,
    ];
  });
}

/** The coarsest cell at a box's centre: [row, column]; it speaks for a window. */
export function cellOf(maps: FeatureMaps, [x, y, width, height]: Box): [number, number] {
  const map = mapOf(maps, placeLayer(STRIDE));
  const at = (centre: number, count: number): number =>
    Math.min(count - 1, Math.max(0, Math.floor(centre / STRIDE)));
  return [at(y + height / 2, map.height), at(x + width / 2, map.width)];
}

/** The windows of one picture of a batch, for a second look whatever the first one says. */
export function windowCandidates(maps: FeatureMaps, image: number, content: ContentRect): Candidate[] {
  return windowBoxes(content).map((box) => {
    const [row, column] = cellOf(maps, box);
    return { ...candidateAt(maps, image, content, { stride: STRIDE, row, column }), box, window: true };
  });
}
