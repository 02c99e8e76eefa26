import type { ContentRect } from '../../core/frame.js';
import { type Box, boxArea, iou } from '../../core/geometry.js';
import type { FeatureMap, FeatureMaps } from '../engines/engine.js';
import { brandLayer, HEAD_STRIDES, PLACE_CHANNELS, placeLayer } from '../network.js';

/** Wider than any picture: exp must not run over. */
const LOG_DISTANCE_MAX = Math.log(4096);
/** Cells of one picture that enter suppression, best first. */
const CELLS_MAX = 300;
/** Overlap from which two cells mean one place, whatever brands they speak for. */
export const SAME_PLACE_IOU = 0.6;

/**
 * Logit of being at some logo below which a cell is not looked at, whatever the brands say. The shipped network knows what
 * is no logo better than heads that have learned from twenty photos.
 */
const LOGO_MIN = -4;
const LOGO_FLOOR = -2;

/** A place that may hold a logo. */
export interface Candidate {
  /** Pixels of the picture, cut to its content. */
  readonly box: Box;
  /** Logit of being at some logo. */
  readonly logo: number;
  /** Each brand's logit at the cell that gave the place. */
  readonly logits: Float32Array;
  /** The greatest of them. */
  readonly best: number;
  /** A part of the picture that is looked at whatever it shows: its box says little of where the logo is. */
  readonly window?: boolean;
  /** Found in the picture reduced. */
  readonly coarse?: boolean;
}

export interface CandidateOptions {
  /** A cell counts from this sum of its logo logit and a brand's on. */
  readonly floor: number;
  /** Places a picture at most that are chosen for a brand's sake, best first. */
  readonly most: number;
  /** Further places at most that are chosen for looking like some logo... */
  readonly logos: number;
  /** ...from this logit of it on, whatever the brands say; default -2. */
  readonly logoFloor?: number;
  /** Adds the best cell of every brand, whatever its logit and beyond `most`. */
  readonly all?: boolean | undefined;
}

interface Cell {
  readonly stride: number;
  readonly row: number;
  readonly column: number;
  readonly logit: number;
}

/** The places of one picture of a batch that deserve a second look, those for a brand's logit first. */
export function findCandidates(
  maps: FeatureMaps,
  image: number,
  content: ContentRect,
  options: CandidateOptions,
): Candidate[] {
  const { cells, logoCells, bestOfBrand } = scan(maps, image, content, options);
  const kept: Candidate[] = [];
  const read = (cell: Cell): Candidate => candidateAt(maps, image, content, cell);
  const take = (from: Cell[], most: number): void => {
    from.sort((a, b) => b.logit - a.logit);
    for (const cell of from.slice(0, CELLS_MAX)) {
      if (kept.length >= most) break;
      const candidate = read(cell);
      if (boxArea(candidate.box) > 0 && isNew(candidate, kept)) kept.push(candidate);
    }
  };
  take(cells, options.most);
  take(logoCells, kept.length + options.logos);
  if (options.all) {
    for (const cell of bestOfBrand) {
      if (cell === undefined) continue;
      const candidate = read(cell);
      if (isNew(candidate, kept)) kept.push(candidate);
    }
  }
  return kept;
}

function isNew({ box }: Candidate, kept: readonly Candidate[]): boolean {
  return kept.every((other) => iou(other.box, box) < SAME_PLACE_IOU);
}

/** Cells that reach the floor, cells that look like some logo, and each brand's best cell. */
function scan(
  maps: FeatureMaps,
  image: number,
  content: ContentRect,
  { floor, logoFloor = LOGO_FLOOR }: Pick<CandidateOptions, 'floor' | 'logoFloor'>,
): { cells: Cell[]; logoCells: Cell[]; bestOfBrand: (Cell | undefined)[] } {
  const cells: Cell[] = [];
  const logoCells: Cell[] = [];
  const bestOfBrand: (Cell | undefined)[] = [];
  for (const stride of HEAD_STRIDES) {
    const map = mapOf(maps, brandLayer(stride));
    const place = mapOf(maps, placeLayer(stride));
    forEachCell(map, image, content, stride, (at, row, column) => {
      const logo = place.data[(at / map.channels) * PLACE_CHANNELS]!;
      let best = -Infinity;
      for (let k = 0; k < map.channels; k++) {
        const logit = logo + map.data[at + k]!;
        if (logit > best) best = logit;
        if (logit > (bestOfBrand[k]?.logit ?? -Infinity)) bestOfBrand[k] = { stride, row, column, logit };
      }
      if (logo < LOGO_MIN) return;
      if (best >= floor) cells.push({ stride, row, column, logit: best });
      if (logo >= logoFloor) logoCells.push({ stride, row, column, logit: logo });
    });
  }
  return { cells, logoCells, bestOfBrand };
}

export function candidateAt(
  maps: FeatureMaps,
  image: number,
  content: ContentRect,
  { stride, row, column }: Pick<Cell, 'stride' | 'row' | 'column'>,
): Candidate {
  const brand = mapOf(maps, brandLayer(stride));
  const at = ((image * brand.height + row) * brand.width + column) * brand.channels;
  const logits = brand.data.slice(at, at + brand.channels);
  const place = mapOf(maps, placeLayer(stride));
  const logo = place.data[((image * place.height + row) * place.width + column) * PLACE_CHANNELS]!;
  return { box: cellBox(maps, image, content, stride, row, column), logo, logits, best: Math.max(...logits) };
}

/** The box that a cell's place channels describe, pixels, cut to the content. */
export function cellBox(
  maps: FeatureMaps,
  image: number,
  content: ContentRect,
  stride: number,
  row: number,
  column: number,
): Box {
  const place = mapOf(maps, placeLayer(stride));
  const at = ((image * place.height + row) * place.width + column) * PLACE_CHANNELS + 1;
  const distance = (side: number): number =>
    Math.exp(Math.min(place.data[at + side]!, LOG_DISTANCE_MAX)) * stride;
  const [x, y] = [(column + 0.5) * stride, (row + 0.5) * stride];
  const x0 = Math.max(content.x, x - distance(0));
  const y0 = Math.max(content.y, y - distance(1));
  const x1 = Math.min(content.x + content.width, x + distance(2));
  const y1 = Math.min(content.y + content.height, y + distance(3));
  return [x0, y0, Math.max(0, x1 - x0), Math.max(0, y1 - y0)];
}

type CellVisitor = (at: number, row: number, column: number) => void;

/** The cells whose centre lies in the content; `at` is where a cell's channels begin. */
export function forEachCell(
  map: FeatureMap,
  image: number,
  content: ContentRect,
  stride: number,
  visit: CellVisitor,
): void {
  const firstRow = Math.max(0, Math.ceil(content.y / stride - 0.5));
  const firstColumn = Math.max(0, Math.ceil(content.x / stride - 0.5));
  const rows = Math.min(map.height, Math.ceil((content.y + content.height) / stride - 0.5));
  const columns = Math.min(map.width, Math.ceil((content.x + content.width) / stride - 0.5));
  for (let row = firstRow; row < rows; row++) {
    const start = (image * map.height + row) * map.width;
    for (let column = firstColumn; column < columns; column++)
      visit((start + column) * map.channels, row, column);
  }
}

export function mapOf(maps: FeatureMaps, layer: string): FeatureMap {
  const map = maps.get(layer);
  if (map === undefined) throw new RangeError(`the network gives no ${layer}`);
  return map;
}
