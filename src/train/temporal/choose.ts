import type { SmoothingParameters } from '../../infer/smooth/parameters.js';
import { type EvidenceTail, tailLevel } from '../../infer/smooth/tail.js';
import type { Peak } from './blocks.js';
import type { PeaksByBrand } from './tails.js';

/** What logo-free footage did with one drift for all brands. */
export interface DriftCandidate {
  readonly driftLlr: number;
  readonly hours: number;
  readonly blockS: number;
  readonly correlationS: number;
  readonly peaks: PeaksByBrand;
  /** All of them, highest first, with where they are. */
  readonly rises: readonly (Peak & { readonly label: string })[];
  readonly tails: ReadonlyMap<string, EvidenceTail>;
}

export interface OnsetWish {
  readonly labels: readonly string[];
  /** One brand's share of false appearances, per hour. */
  readonly perHour: number;
  /** Evidence of a brand's logos in a frame, nats. */
  readonly levels: (label: string) => readonly number[];
  readonly smoothing: SmoothingParameters;
}

export interface ChosenOnset {
  readonly candidate: DriftCandidate;
  /** By label, nats. */
  readonly thresholds: ReadonlyMap<string, number>;
}

/** A logo that would take longer counts as missed, and as this long. */
const DELAY_FRAMES_MAX = 30;
const THRESHOLD_MIN = 1e-3;

/**
 * The drift that reports logos soonest at the wanted rate, and each brand's threshold with it. A higher drift keeps a
 * look-alike that stands still low however long it stands, so thresholds fall; but a weak logo then adds up slowly,
 * or never. Page's test needs about threshold / (level - drift) frames (Basseville and Nikiforov 1993, chapter 5). One
 * drift for all brands: the few peaks of one brand would choose by chance.
 */
export function chooseOnset(candidates: readonly DriftCandidate[], wish: OnsetWish): ChosenOnset {
  const rated = candidates.map((candidate) => {
    const thresholds = new Map(
      wish.labels.map((label) => [
        label,
        Math.max(THRESHOLD_MIN, tailLevel(candidate.tails.get(label)!, wish.perHour)),
      ]),
    );
    return { candidate, thresholds, delay: meanDelay(candidate.driftLlr, thresholds, wish) };
  });
  return rated.reduce((best, other) => (other.delay < best.delay ? other : best));
}

/** Frames, over all brands and levels. */
function meanDelay(driftLlr: number, thresholds: ReadonlyMap<string, number>, wish: OnsetWish): number {
  const { minFrames, llrClip } = wish.smoothing;
  const delays = [...thresholds].flatMap(([label, threshold]) =>
    wish.levels(label).map((level) => {
      const step = Math.min(llrClip, level - driftLlr);
      return step <= 0 ? DELAY_FRAMES_MAX : Math.min(DELAY_FRAMES_MAX, Math.max(minFrames, threshold / step));
    }),
  );
  return delays.reduce((a, b) => a + b, 0) / Math.max(1, delays.length);
}
