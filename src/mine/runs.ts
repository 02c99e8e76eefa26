import { type Box, iou } from '../core/geometry.js';

/** One thing followed through consecutive frames of a shot. */
interface Run {
  readonly id: number;
  readonly label: string;
  /** Where the last frame had it. */
  readonly box: Box;
  readonly bestScore: number;
}

export interface RunState {
  readonly open: readonly Run[];
  readonly nextId: number;
}

export const RUNS_EMPTY: RunState = { open: [], nextId: 0 };

interface Found {
  readonly label: string;
  readonly score: number;
  readonly box: Box;
}

/** Overlap with the frame before from which it is the same thing. */
const SAME_IOU = 0.5;

/**
 * One frame: each detection goes on with the run of its brand that it overlaps most, or begins one; runs that are not
 * met end, all of them at a cut. Returned are the detections that are the best of their run so far: only the best of
 * a run is worth looking at.
 */
export function runStep<T extends Found>(
  state: RunState,
  frame: { readonly cut: boolean; readonly detections: readonly T[] },
): { state: RunState; best: { run: number; detection: T }[] } {
  const before = new Set(frame.cut ? [] : state.open);
  const open: Run[] = [];
  const best: { run: number; detection: T }[] = [];
  let { nextId } = state;
  for (const detection of [...frame.detections].sort((a, b) => b.score - a.score)) {
    const { label, box, score } = detection;
    let met: Run | undefined;
    for (const run of before) {
      if (run.label !== label || iou(run.box, box) < SAME_IOU) continue;
      if (met === undefined || iou(run.box, box) > iou(met.box, box)) met = run;
    }
    if (met !== undefined) before.delete(met);
    const run = met ?? { id: nextId++, label, box, bestScore: Number.NEGATIVE_INFINITY };
    if (score > run.bestScore) best.push({ run: run.id, detection });
    open.push({ ...run, box, bestScore: Math.max(score, run.bestScore) });
  }
  return { state: { open, nextId }, best };
}
