import type { Detection, FrameDetections } from '../../core/detection.js';
import { boxArea } from '../../core/geometry.js';
import { CUSUM_ZERO, cusumStep, evidenceOf } from '../smooth/cusum.js';
import { hmmStep } from '../smooth/hmm.js';
import type { SmoothingParameters } from '../smooth/parameters.js';
import type { Track } from '../track.js';
import type { Sighting } from './sighting.js';
import type { TrackEvidence } from './state.js';

/** A confirmed track holds on to frames that speak against it while this much is left of its probability. */
const HOLD_MIN = 0.5;
/** Sightings kept for a start that is dated back: at 5 frames/s far more than a threshold needs. */
const PENDING_MAX = 64;

/** What the stage knows of the frame at hand, besides its detections. */
export interface FrameContext {
  readonly frame: FrameDetections;
  /** Position of the frame before, or null. */
  readonly previousPtsUs: number | null;
  /** Media time since the frame before, microseconds; the nominal interval for the first. */
  readonly elapsedUs: number;
  /** Media time between neighbouring sampled frames, microseconds. */
  readonly nominalUs: number;
  readonly observed: number;
  readonly parameters: SmoothingParameters;
}

export const NO_EVIDENCE: TrackEvidence = {
  cusum: CUSUM_ZERO,
  presence: CUSUM_ZERO,
  pOn: 0,
  confirmed: false,
  pending: [],
};

/** One frame of one track of `label`; `detection` is undefined when the track was not found. */
export function weigh(
  before: TrackEvidence,
  label: string,
  detection: Detection | undefined,
  context: FrameContext,
): TrackEvidence {
  const { parameters, elapsedUs } = context;
  const elapsedMs = elapsedUs / 1000;
  const llr = detection?.llr ?? parameters.absentLlr / parameters.llrScale;
  const drift = (parameters.onset[label]?.driftLlr ?? 0) / parameters.llrScale;
  const evidence = evidenceOf(llr, elapsedMs, parameters);
  const above = detection === undefined ? evidence : evidenceOf(llr - drift, elapsedMs, parameters);
  const pOn = hmmStep(before.pOn, evidence, elapsedMs, parameters);
  const cusum = cusumStep(before.cusum, above);
  const presence = cusumStep(before.presence, evidence);
  const after = { cusum, presence, pOn };
  if (before.confirmed) return { ...after, confirmed: true, pending: [] };
  if (presence.sum <= 0) return { ...after, confirmed: false, pending: [] };
  const seen = detection !== undefined && evidence > 0;
  const pending = settlePending(before.pending, seen, context);
  if (!seen) return { ...after, confirmed: false, pending };
  const sighting = sightingOf([detection], context);
  return { ...after, confirmed: false, pending: [...pending.slice(1 - PENDING_MAX), sighting] };
}

/** The test on the sum has decided: from here on the filter starts at least at even odds. */
export function confirmed(evidence: TrackEvidence): TrackEvidence {
  return { ...evidence, pOn: Math.max(evidence.pOn, HOLD_MIN), confirmed: true, pending: [] };
}

/** True when a track shows its label in this frame. */
export function shows(evidence: TrackEvidence, detection: Detection | undefined): boolean {
  return evidence.confirmed && detection !== undefined && (detection.llr >= 0 || evidence.pOn >= HOLD_MIN);
}

/** Media time that the frame before stands for: up to this frame, but no more than was surely seen. */
export function coverUs(seenAgain: boolean, { elapsedUs, nominalUs }: FrameContext): number {
  return Math.min(elapsedUs, seenAgain ? 2 * nominalUs : nominalUs);
}

function settlePending(
  pending: readonly Sighting[],
  seenAgain: boolean,
  context: FrameContext,
): readonly Sighting[] {
  const last = pending.at(-1);
  if (last === undefined || last.ptsUs !== context.previousPtsUs) return pending;
  return [...pending.slice(0, -1), { ...last, coverUs: coverUs(seenAgain, context) }];
}

/** All marks of one label in one frame are one sighting: the surest gives score and box. */
export function sightingOf(marks: readonly Detection[], context: FrameContext): Sighting {
  const { frame, nominalUs, observed } = context;
  const best = marks.reduce((a, b) => (b.llr > a.llr ? b : a));
  return {
    ptsUs: frame.ptsUs,
    wallTimeMs: frame.wallTimeMs,
    clock: frame.clock,
    seq: frame.seq,
    observed,
    coverUs: nominalUs,
    score: best.score,
    confident: marks.some((mark) => mark.confident),
    box: best.box,
    area: Math.min(
      1,
      marks.reduce((sum, { box }) => sum + boxArea(box), 0),
    ),
  };
}

/** Marks of each label that show it in this frame. */
export function shownMarks(
  tracks: readonly Track[],
  evidence: Readonly<Record<string, TrackEvidence>>,
  found: ReadonlyMap<number, Detection>,
): Map<string, Detection[]> {
  const marks = new Map<string, Detection[]>();
  for (const { id, label } of tracks) {
    const detection = found.get(id);
    if (detection === undefined || !shows(evidence[id] ?? NO_EVIDENCE, detection)) continue;
    const list = marks.get(label);
    if (list === undefined) marks.set(label, [detection]);
    else list.push(detection);
  }
  return marks;
}
