import type { Detection } from '../../core/detection.js';
import type { ContentRect } from '../../core/frame.js';
import { type Box, clipBox, iou } from '../../core/geometry.js';
import type { FeatureMap, FeatureMaps } from '../engines/engine.js';
import type { BrandCalibration } from '../manifest.js';
import { HEAD_STRIDES } from '../network.js';

const NMS_IOU = 0.5;
/** Detections of one picture. */
const DETECTIONS_MAX = 20;
/** Candidates of one brand that enter suppression, best first. */
const CANDIDATES_MAX = 200;
/** Wider than any picture: exp must not run over. */
const LOG_DISTANCE_MAX = Math.log(4096);

export interface DecodeOptions {
  /** The least score reported instead of each brand's threshold, 0..1. */
  readonly minScore?: number;
  /** Adds, for every brand without a detection, its best box and score. */
  readonly all?: boolean;
}

interface Candidate {
  readonly logit: number;
  readonly box: Box;
}

export function headLayer(stride: number): string {
  return `head${stride}`;
}

/** Turns the head's maps into detections: calibrated, one for each mark, relative to the picture's content. */
export class HeadDecoder {
  readonly #brands: readonly BrandCalibration[];
  readonly #logPrior: number;

  /** `priorOdds` and slopes are above 0. */
  constructor(brands: readonly BrandCalibration[], priorOdds: number) {
    this.#brands = brands;
    this.#logPrior = Math.log(priorOdds);
  }

  /** The detections of one picture of a batch, by descending score. */
  decode(maps: FeatureMaps, image: number, content: ContentRect, options: DecodeOptions = {}): Detection[] {
    const found: Detection[] = [];
    const best: Detection[] = [];
    this.#brands.forEach((brand, channel) => {
      const floor = this.#logitOf(brand, options.minScore ?? brand.threshold);
      const kept = suppress(candidates(maps, image, content, channel, floor));
      for (const candidate of kept) found.push(this.#detection(brand, candidate));
      const first = options.all ? (kept[0] ?? bestCandidate(maps, image, content, channel)) : undefined;
      if (first !== undefined) best.push(this.#detection(brand, first));
    });
    const reported = found.sort(byScore).slice(0, DETECTIONS_MAX);
    // Also of a brand whose detections all fell to the limit.
    const extra = best.filter(({ label }) => reported.every((d) => d.label !== label));
    return [...reported, ...extra].sort(byScore);
  }

  #detection(brand: BrandCalibration, { logit, box }: Candidate): Detection {
    const llr = brand.slope * logit + brand.offset;
    const score = 1 / (1 + Math.exp(-(llr + this.#logPrior)));
    return { label: brand.label, score, llr, confident: score >= brand.threshold, box };
  }

  /** The logit that gives a score: where scores are compared, logits are. */
  #logitOf(brand: BrandCalibration, score: number): number {
    return (Math.log(score / (1 - score)) - this.#logPrior - brand.offset) / brand.slope;
  }
}

const byScore = (a: Detection, b: Detection) => b.score - a.score;

function candidates(
  maps: FeatureMaps,
  image: number,
  content: ContentRect,
  channel: number,
  floor: number,
): Candidate[] {
  const result: Candidate[] = [];
  forEachCell(maps, image, content, (map, at, row, column, stride) => {
    const logit = map.data[at + channel]!;
    if (logit < floor) return;
    const box = cellBox(map, at, row, column, stride, content);
    if (box[2] > 0 && box[3] > 0) result.push({ logit, box });
  });
  return result.sort((a, b) => b.logit - a.logit).slice(0, CANDIDATES_MAX);
}

function bestCandidate(
  maps: FeatureMaps,
  image: number,
  content: ContentRect,
  channel: number,
): Candidate | undefined {
  let best: Candidate | undefined;
  forEachCell(maps, image, content, (map, at, row, column, stride) => {
    const logit = map.data[at + channel]!;
    if (best !== undefined && logit <= best.logit) return;
    best = { logit, box: cellBox(map, at, row, column, stride, content) };
  });
  return best;
}

type CellVisitor = (map: FeatureMap, at: number, row: number, column: number, stride: number) => void;

/** The cells whose centre lies in the content; `at` is where a cell's channels begin. */
function forEachCell(maps: FeatureMaps, image: number, content: ContentRect, visit: CellVisitor): void {
  for (const stride of HEAD_STRIDES) {
    const map = maps.get(headLayer(stride));
    if (map === undefined) continue;
    const firstRow = Math.max(0, Math.ceil(content.y / stride - 0.5));
    const firstColumn = Math.max(0, Math.ceil(content.x / stride - 0.5));
    const rows = Math.min(map.height, Math.ceil((content.y + content.height) / stride - 0.5));
    const columns = Math.min(map.width, Math.ceil((content.x + content.width) / stride - 0.5));
    for (let row = firstRow; row < rows; row++) {
      const start = (image * map.height + row) * map.width;
      for (let column = firstColumn; column < columns; column++) {
        visit(map, (start + column) * map.channels, row, column, stride);
      }
    }
  }
}

/** See HEAD_STRIDES: the last four channels are ln of the distances to left, top, right, bottom over the stride. */
function cellBox(
  map: FeatureMap,
  at: number,
  row: number,
  column: number,
  stride: number,
  content: ContentRect,
): Box {
  const box = at + map.channels - 4;
  const distance = (side: number) => Math.exp(Math.min(map.data[box + side]!, LOG_DISTANCE_MAX)) * stride;
  const x = (column + 0.5) * stride - content.x;
  const y = (row + 0.5) * stride - content.y;
  const left = distance(0);
  const top = distance(1);
  return clipBox([
    (x - left) / content.width,
    (y - top) / content.height,
    (left + distance(2)) / content.width,
    (top + distance(3)) / content.height,
  ]);
}

/** Greedy non-maximum suppression; `sorted` is by descending logit. */
function suppress(sorted: readonly Candidate[]): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of sorted) {
    if (kept.length === DETECTIONS_MAX) break;
    if (kept.every((other) => iou(other.box, candidate.box) < NMS_IOU)) kept.push(candidate);
  }
  return kept;
}
