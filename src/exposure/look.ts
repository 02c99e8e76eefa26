import type { ExposureFacts } from './facts.js';
import type { ExposureSettings } from './settings.js';

/** Rows and columns of the grid that says where on the screen a mark was. */
export const GRID = 3;
/** Events do not say how a picture's sides compare; television's do so. */
const ASPECT = 16 / 9;

/** How a mark stood on the screen: means over its appearance, since events hold no more. All shares are 0..1. */
export interface Look {
  /** Share of the screen that all of the brand's marks cover. */
  readonly area: number;
  /** Which of the size bands, 0 the smallest. */
  readonly band: number;
  /** Which cell of the grid holds its centre, row by row from the top left. */
  readonly cell: number;
  /** 1 in the middle of the screen, 0 in a corner. */
  readonly centrality: number;
  /** How sure the model was, less for marks that are too small to read. */
  readonly clarity: number;
}

export function lookOf({ areaMean, meanBox, meanScore }: ExposureFacts, settings: ExposureSettings): Look {
  const area = unit(areaMean);
  const [left, top, width, height] = meanBox;
  const [x, y] = [unit(left + width / 2), unit(top + height / 2)];
  const side = Math.max(0, Math.min(height, width * ASPECT));
  return {
    area,
    band: bandOf(area, settings.bands),
    cell: third(y) * GRID + third(x),
    // Not Math.hypot, which takes most of a report's time.
    centrality: 1 - Math.sqrt(((2 * x - 1) ** 2 + (2 * y - 1) ** 2) / 2),
    clarity: unit(meanScore) * Math.min(1, side / settings.legibleSide),
  };
}

/** An area at an edge is of the larger band. */
function bandOf(area: number, edges: readonly number[]): number {
  let band = 0;
  while (band < edges.length && area >= edges[band]!) band++;
  return band;
}

const third = (v: number): number => Math.min(GRID - 1, Math.floor(v * GRID));

/** 0..1: the weighted mean of how large, central, clear and alone a mark is. */
export function qualityOf(look: Look, brandsOnScreen: number, settings: ExposureSettings): number {
  const { size, position, clarity, solus } = settings.quality;
  const sum =
    size * Math.min(1, look.area / settings.sizeFull) +
    position * look.centrality +
    clarity * look.clarity +
    solus / brandsOnScreen;
  return sum / (size + position + clarity + solus);
}

const unit = (value: number): number => Math.min(1, Math.max(0, value));
