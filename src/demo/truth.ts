import type { Plan, PlannedMark } from './plan.js';
import { poseAt } from './plan.js';
import { poseMatrix } from './pose.js';
import { cornersOf, FPS, WIDTH } from './raster.js';

/** A brand on screen, seconds from the first frame of the broadcast. */
export interface TruthSpan {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  /** Mean width of the mark's plate as a share of the picture's. */
  readonly width: number;
}

export interface BroadcastTruth {
  /** Seconds. */
  readonly duration: number;
  /** What should be found. */
  readonly spans: readonly TruthSpan[];
  /** Single frames of a brand: too short to be an appearance, so reporting one is an error. */
  readonly flashes: readonly TruthSpan[];
}

export function truthOf(plan: Plan): BroadcastTruth {
  const brands = plan.marks.filter((m) => m.isBrand);
  return {
    duration: plan.frames / FPS,
    spans: brands.filter((m) => m.last > m.first).map(spanOf),
    flashes: brands.filter((m) => m.last === m.first).map(spanOf),
  };
}

function spanOf(m: PlannedMark): TruthSpan {
  let widths = 0;
  for (let frame = m.first; frame <= m.last; frame++) {
    const xs = cornersOf(poseMatrix(poseAt(m, frame))).map(([x]) => x);
    widths += Math.max(...xs) - Math.min(...xs);
  }
  const width = widths / (m.last - m.first + 1) / WIDTH;
  return {
    label: m.slug,
    start: m.first / FPS,
    end: (m.last + 1) / FPS,
    width: Math.round(width * 1000) / 1000,
  };
}
