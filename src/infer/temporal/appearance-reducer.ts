import type { Appearance, EndReason } from '../../core/appearance.js';
import type { Detection, DetectionRecord, FrameDetections } from '../../core/detection.js';
import type { SessionClosed } from '../../core/frame.js';
import { boxArea } from '../../core/geometry.js';
import { cusumOpens } from '../smooth/cusum.js';
import { SMOOTHING_DEFAULTS, type SmoothingParameters } from '../smooth/parameters.js';
import {
  TRACKER_EMPTY,
  TRACKING_DEFAULTS,
  type Track,
  type TrackingParameters,
  trackStep,
} from '../track.js';
import { appearanceId, eventOf } from './event.js';
import {
  confirmed,
  coverUs,
  type FrameContext,
  NO_EVIDENCE,
  shownMarks,
  sightingOf,
  weigh,
} from './evidence.js';
import { medianUs, remember } from './interval.js';
import { discountRivals } from './rivals.js';
import { isSuperseded, startOf, supersededBy, withStray } from './sessions.js';
import { endUs, exposureOf, extend, merge, type Sighting, settle } from './sighting.js';
import type { OpenAppearance, TemporalState, TrackEvidence } from './state.js';

export interface TemporalParameters {
  readonly smoothing: SmoothingParameters;
  readonly tracking: TrackingParameters;
}

export const TEMPORAL_DEFAULTS: TemporalParameters = {
  smoothing: SMOOTHING_DEFAULTS,
  tracking: TRACKING_DEFAULTS,
};

export interface TemporalStep {
  readonly state: TemporalState;
  /** Ends first, then starts and continuations. */
  readonly events: readonly Appearance[];
  /** The record belongs to a session that another has replaced: nothing follows from it. */
  readonly superseded?: true;
}

/**
 * Detections and facts of one stream in, revisions of appearances out; media time is its only clock. A record that
 * is not after the one before it (a redelivery), or of a session that was replaced, changes nothing.
 */
export function reduceAppearances(
  state: TemporalState,
  record: DetectionRecord,
  parameters: TemporalParameters = TEMPORAL_DEFAULTS,
): TemporalStep {
  if (isSuperseded(state, record)) return { state: withStray(state, record), events: [], superseded: true };
  switch (record.kind) {
    case 'session-opened':
      return record.session === state.session ? { state, events: [] } : newSession(state, record.session);
    case 'session-closed': {
      const { state: closed, events } = closeAll(state, closingReason(record));
      return { state: startOf(closed), events };
    }
    case 'gap': {
      const missingMs = record.missingUs / 1000;
      if (missingMs > 0 && missingMs < parameters.smoothing.gapMs) return { state, events: [] };
      return closeAll(state, 'stream-lost');
    }
    case 'detections':
      return frameStep(state, record, parameters);
  }
}

function closingReason({ reason, final }: SessionClosed): EndReason {
  if (reason === 'stopped') return 'stopped';
  return final && reason === 'ended' ? 'session-end' : 'stream-lost';
}

function newSession(state: TemporalState, session: string): TemporalStep {
  const { events } = closeAll(state, 'stream-lost');
  return { state: startOf({ ...state, session, superseded: supersededBy(session, state) }), events };
}

/** Ends what is open where it was last seen, and forgets tracks: nothing carries over missing media time. */
function closeAll(state: TemporalState, reason: EndReason): TemporalStep {
  const events = state.open.map((open) => ended(state, open, reason));
  return { state: { ...state, lastFrame: null, tracker: TRACKER_EMPTY, evidence: {}, open: [] }, events };
}

function ended(state: TemporalState, open: OpenAppearance, reason: EndReason): Appearance {
  return eventOf(state, { ...open, revision: open.revision + 1 }, 'ended', reason);
}

function frameStep(
  before: TemporalState,
  frame: FrameDetections,
  parameters: TemporalParameters,
): TemporalStep {
  if (frame.session !== before.session) {
    const fresh = newSession(before, frame.session);
    const step = frameStep(fresh.state, frame, parameters);
    return { state: step.state, events: [...fresh.events, ...step.events] };
  }
  const last = before.lastFrame;
  if (last !== null && (frame.ptsUs <= last.ptsUs || frame.seq <= last.seq))
    return { state: before, events: [] };

  const elapsedUs = last === null ? null : frame.ptsUs - last.ptsUs;
  const { smoothing } = parameters;
  const sampledUs =
    elapsedUs === null ? before.sampledUs : remember(before.sampledUs, elapsedUs / (frame.seq - last!.seq));
  const observedUs = elapsedUs === null ? before.observedUs : remember(before.observedUs, elapsedUs);
  const nominalUs = medianUs(sampledUs, smoothing.intervalMs * 1000);
  const context: FrameContext = {
    frame,
    previousPtsUs: last?.ptsUs ?? null,
    elapsedUs: elapsedUs ?? nominalUs,
    nominalUs,
    observed: before.observed + 1,
    parameters: smoothing,
  };
  const observedMs = medianUs(observedUs, nominalUs) / 1000;
  // At sampling intervals near the gap itself, one missed frame must not be a gap.
  const gapUs = Math.max(smoothing.gapMs, 2 * observedMs) * 1000;
  const state: TemporalState = {
    ...before,
    clock: frame.clock,
    modelId: frame.modelId,
    modelHash: frame.modelHash,
    strays: 0,
    lastFrame: { ptsUs: frame.ptsUs, seq: frame.seq },
    observed: context.observed,
    sampledUs,
    observedUs,
  };
  return appear(state, context, observedMs, gapUs, parameters);
}

function appear(
  state: TemporalState,
  context: FrameContext,
  observedMs: number,
  gapUs: number,
  parameters: TemporalParameters,
): TemporalStep {
  const { frame, nominalUs } = context;
  const ageMsMax = (gapUs + 2 * nominalUs) / 1000;
  const detections = discountRivals(frame.detections.filter(isSound));
  const tracking = { ...parameters.tracking, ageMsMax };
  const { state: tracker, found } = trackStep(state.tracker, { ...frame, detections }, tracking);

  const closing = state.open.filter((open) => isOver(open, state, context, gapUs));
  const closed = new Set(closing.map(({ label }) => label));
  const open = new Map(state.open.filter((o) => !closed.has(o.label)).map((o) => [o.label, o]));
  const events = closing.map((o) => {
    // When no frame was observed since, nobody knows that the logo went.
    const unobserved = o.exposure.last.ptsUs === context.previousPtsUs;
    return ended(state, o, unobserved ? 'stream-lost' : 'gone');
  });

  const evidence: Record<string, TrackEvidence> = {};
  const dated = new Map<string, readonly Sighting[]>();
  for (const track of tracker.tracks) {
    const old = closed.has(track.label) ? undefined : state.evidence[track.id];
    const weighed = weigh(old ?? NO_EVIDENCE, track.label, found.get(track.id), context);
    const isOpen = open.has(track.label);
    const confirms = found.has(track.id) && isEnough(weighed, track.label, isOpen, observedMs, context);
    evidence[track.id] = confirms ? confirmed(weighed) : weighed;
    if (confirms) dated.set(track.label, merge(dated.get(track.label) ?? [], weighed.pending));
  }

  const shown = shownMarks(tracker.tracks, evidence, found);
  const labels = new Set([...open.keys(), ...shown.keys()]);
  for (const label of labels) {
    const marks = shown.get(label);
    const sightings = [...(dated.get(label) ?? []).filter(({ ptsUs }) => ptsUs < frame.ptsUs)];
    if (marks !== undefined) sightings.push(sightingOf(marks, context));
    const [next, event] = advance(state, open.get(label), label, sightings, context);
    open.set(label, next);
    if (event !== undefined) events.push(event);
  }
  return { state: { ...state, tracker, evidence, open: [...open.values()] }, events };
}

/** A damaged record must not poison the state. */
function isSound({ llr, box }: Detection): boolean {
  const area = boxArea(box);
  return !Number.isNaN(llr) && area > 0 && box.every(Number.isFinite);
}

/**
 * Out of sight for the gap. While a new track of the label that began within the gap gathers evidence, judgement
 * waits, at most one more gap: it may be the same logo after a cut.
 */
function isOver(open: OpenAppearance, state: TemporalState, context: FrameContext, gapUs: number): boolean {
  const end = Math.min(endUs(open.exposure), open.exposure.last.ptsUs + context.nominalUs);
  const holeUs = context.frame.ptsUs - end;
  if (holeUs < gapUs) return false;
  const heir = state.tracker.tracks.some(({ id, label }: Track) => {
    const first = label === open.label ? state.evidence[id]?.pending[0] : undefined;
    return first !== undefined && first.ptsUs > open.exposure.last.ptsUs && first.ptsUs - end < gapUs;
  });
  return !heir || holeUs >= 2 * gapUs;
}

function isEnough(
  evidence: TrackEvidence,
  label: string,
  isOpen: boolean,
  observedMs: number,
  { parameters }: FrameContext,
): boolean {
  if (evidence.confirmed || evidence.pending.length === 0) return false;
  const { cusum, pending } = evidence;
  const onset = parameters.onset[label];
  // A look-alike that stands still gives the same weak evidence in every frame: it is no evidence each time anew.
  // A calibrated drift takes care of that; without one the brand's threshold has to.
  const sure =
    onset !== undefined || pending.filter((s) => s.confident).length >= (isOpen ? 1 : parameters.minFrames);
  if (!sure) return false;
  if (isOpen && cusum.frames >= 2 && cusum.sum >= parameters.joinLlr) return true;
  return cusumOpens(cusum, observedMs, parameters, onset);
}

function advance(
  state: TemporalState,
  open: OpenAppearance | undefined,
  label: string,
  sightings: readonly Sighting[],
  context: FrameContext,
): [OpenAppearance, Appearance | undefined] {
  const { ptsUs } = context.frame;
  if (open === undefined) {
    const [first, ...rest] = sightings;
    const exposure = rest.reduce(extend, exposureOf(first!));
    const id = appearanceId(state.streamId, state.session ?? '', label, first!.ptsUs);
    const opened: OpenAppearance = { id, label, revision: 0, reportedUs: ptsUs, exposure };
    return [opened, eventOf(state, opened, 'started', null)];
  }
  const seenNow = sightings.at(-1)?.ptsUs === ptsUs;
  const wasLast = open.exposure.last.ptsUs === context.previousPtsUs;
  const settled = wasLast ? settle(open.exposure, coverUs(seenNow, context)) : open.exposure;
  const exposure = sightings.reduce(extend, settled);
  const isDue = seenNow && ptsUs - open.reportedUs >= context.parameters.ongoingEveryMs * 1000;
  if (!isDue) return [{ ...open, exposure }, undefined];
  const reported: OpenAppearance = { ...open, revision: open.revision + 1, reportedUs: ptsUs, exposure };
  return [reported, eventOf(state, reported, 'ongoing', null)];
}
