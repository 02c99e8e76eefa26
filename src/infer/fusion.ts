import type { Detection } from '../core/detection.js';
import type { ContentRect } from '../core/frame.js';
import { type Box, iou, overlapShare } from '../core/geometry.js';
import type { BrandCalibration } from './manifest.js';

/** Two detections of one brand that overlap more are one. */
const NMS_IOU = 0.4;
/** A window and what is found in it, of one brand, are one if this share of the smaller box is common. */
const IN_WINDOW_SHARE = 0.5;
/** Looks at one mark: boxes with this share of the smaller one in common. */
const SAME_MARK_SHARE = 0.5;
/** What a window's second look is worth beyond a place's, nats: where no logo is, it resembles one far more rarely. */
const WINDOW_BONUS = 1;
/**
 * What a place of the reduced picture is worth less, nats: levels are set without it, and more places are more chances. Without
 * this, one of eighty minutes without a brand's logos had an appearance.
 */
const COARSE_MALUS = 0.5;
/** Detections of one picture. */
const DETECTIONS_MAX = 20;

/** What is known of a place; `look` and `verify` hold a logit a brand. */
export interface PlaceLogits {
  /** Of being at some logo. */
  readonly logo: number;
  readonly look: Float32Array;
  readonly verify: Float32Array;
}

export interface VerifiedCandidate extends PlaceLogits {
  /** Pixels of the picture. */
  readonly box: Box;
  /** See Candidate.window. */
  readonly window?: boolean;
  /** See Candidate.coarse. */
  readonly coarse?: boolean;
  /** `look` is of this very box, as a user's own network gives it; a window's is otherwise of a cell in it. */
  readonly ownLook?: boolean;
}

export interface FusionOptions {
  /** The picture was looked at thoroughly: places overlap, and what a mark's best looks say is averaged. */
  readonly thorough?: boolean | undefined;
  /** The least score reported instead of each brand's threshold, 0..1. */
  readonly minScore?: number | undefined;
  /** Adds, for every brand without a detection, its best box and score. */
  readonly all?: boolean | undefined;
}

/** Calibrated log-likelihood ratio of one brand, the `k`th, at one place; nats. */
export function evidence(brand: BrandCalibration, k: number, { logo, look, verify }: PlaceLogits): number {
  return brand.logo * logo + brand.look * look[k]! + brand.verify * verify[k]! + brand.offset;
}

/**
 * One brand's evidence at each candidate, nats. In a thorough look it is the mean of a candidate's own and of the best
 * other one at the same mark: a chance likeness is seen once, a logo from every side.
 */
export function evidences(
  candidates: readonly VerifiedCandidate[],
  brand: BrandCalibration,
  k: number,
  { thorough = false }: Pick<FusionOptions, 'thorough'> = {},
): number[] {
  const own = candidates.map((c) =>
    c.window && !c.ownLook
      ? brand.verify * (c.verify[k]! + WINDOW_BONUS) + brand.offset
      : evidence(brand, k, c) - (c.coarse ? COARSE_MALUS : 0),
  );
  if (!thorough) return own;
  return candidates.map(({ box }, i) => {
    let best = -Infinity;
    candidates.forEach((other, n) => {
      if (n !== i && own[n]! > best && overlapShare(other.box, box) >= SAME_MARK_SHARE) best = own[n]!;
    });
    return best === -Infinity ? own[i]! : (own[i]! + best) / 2;
  });
}

/** The detections of one picture by descending score: calibrated, one for each mark, relative to `content`. */
export function fuse(
  candidates: readonly VerifiedCandidate[],
  brands: readonly BrandCalibration[],
  priorOdds: number,
  content: ContentRect,
  options: FusionOptions = {},
): Detection[] {
  const logPrior = Math.log(priorOdds);
  const found: Detection[] = [];
  const best: Detection[] = [];
  brands.forEach((brand, k) => {
    const floor = options.minScore ?? brand.threshold;
    const llrs = evidences(candidates, brand, k, options);
    const judge = (windows: boolean): Detection[] =>
      candidates
        .flatMap((c, i) =>
          (c.window ?? false) === windows ? [detection(brand, c, llrs[i]!, logPrior, content)] : [],
        )
        .sort(byScore);
    const [places, windows] = [judge(false), judge(true)];
    found.push(...oneForEach(places, windows, floor));
    const [first] = [...places.slice(0, 1), ...windows.slice(0, 1)].sort(byScore);
    if (options.all && first !== undefined) best.push(first);
  });
  const reported = found.sort(byScore).slice(0, DETECTIONS_MAX);
  // Also of a brand whose detections all fell to the limit.
  const extra = best.filter(({ label }) => reported.every((d) => d.label !== label));
  return [...reported, ...extra].sort(byScore);
}

/** What reaches the floor, one for each mark. A place tells where a mark is; a window over it may tell better which. */
function oneForEach(places: readonly Detection[], windows: readonly Detection[], floor: number): Detection[] {
  const kept: Detection[] = [];
  for (const d of places) {
    if (d.score < floor) break;
    if (kept.every((other) => iou(other.box, d.box) < NMS_IOU)) kept.push(d);
  }
  for (const d of windows) {
    if (d.score < floor) break;
    const same = kept.findIndex((other) => overlapShare(other.box, d.box) >= IN_WINDOW_SHARE);
    if (same < 0) kept.push(d);
    else if (d.score > kept[same]!.score) kept[same] = { ...d, box: kept[same]!.box };
  }
  return kept;
}

const byScore = (a: Detection, b: Detection): number => b.score - a.score;

function detection(
  brand: BrandCalibration,
  candidate: VerifiedCandidate,
  llr: number,
  logPrior: number,
  content: ContentRect,
): Detection {
  const score = 1 / (1 + Math.exp(-(llr + logPrior)));
  const [x, y, w, h] = candidate.box;
  const box: Box = [
    (x - content.x) / content.width,
    (y - content.y) / content.height,
    w / content.width,
    h / content.height,
  ];
  return { label: brand.label, score, llr, confident: score >= brand.threshold, box };
}
