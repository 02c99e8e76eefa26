import { FIELD, FIELDS } from '../core/fact-rows.js';
import type { ExposureSettings } from './settings.js';

/** Rows and columns of the grid that says where on the screen a mark was. */
export const GRID = 3;
/** Events do not say how a picture's sides compare; television's do so. */
const ASPECT = 16 / 9;

/** How a mark stood on the screen: means over its appearance, since events hold no more. All shares are 0..1. */
export interface Look {
  /** Share of the screen that all of the brand's marks cover. */
  area: number;
  /** Which of the size bands, 0 the smallest. */
  band: number;
  /** Which cell of the grid holds its centre, row by row from the top left. */
  cell: number;
  /** 1 in the middle of the screen, 0 in a corner. */
  centrality: number;
  /** How sure the model was, less for marks that are too small to read. */
  clarity: number;
}

export function readLook(into: Look, values: Float64Array, row: number, settings: ExposureSettings): void {
  const at = row * FIELDS;
  const width = values[at + FIELD.width]!;
  const height = values[at + FIELD.height]!;
  const x = unit(values[at + FIELD.left]! + width / 2);
  const y = unit(values[at + FIELD.top]! + height / 2);
  const side = Math.max(0, Math.min(height, width * ASPECT));
  into.area = unit(values[at + FIELD.areaMean]!);
  into.band = bandOf(into.area, settings.bands);
  into.cell = third(y) * GRID + third(x);
  // Not Math.hypot, which takes most of a report's time.
  into.centrality = 1 - Math.sqrt(((2 * x - 1) ** 2 + (2 * y - 1) ** 2) / 2);
  into.clarity = unit(values[at + FIELD.meanScore]!) * Math.min(1, side / settings.legibleSide);
}

/** An area at an edge is of the larger band. */
function bandOf(area: number, edges: readonly number[]): number {
  let band = 0;
  while (band < edges.length && area >= edges[band]!) band++;
  return band;
}

const third = (v: number): number => Math.min(GRID - 1, Math.floor(v * GRID));

/** 0..1: the weighted mean of how large, central, clear and alone a mark is. */
export function qualityOf(look: Readonly<Look>, brandsOnScreen: number, settings: ExposureSettings): number {
  const { size, position, clarity, solus } = settings.quality;
  const sum =
    size * Math.min(1, look.area / settings.sizeFull) +
    position * look.centrality +
    clarity * look.clarity +
    solus / brandsOnScreen;
  return sum / (size + position + clarity + solus);
}

const unit = (value: number): number => Math.min(1, Math.max(0, value));
