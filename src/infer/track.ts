import type { Detection } from '../core/detection.js';
import { type Box, boxArea, iou } from '../core/geometry.js';

export interface TrackingParameters {
  /** Tracks of one stream at most. */
  readonly tracksMax: number;
  /** Overlap with the predicted box from which a detection belongs to a track, 0..1. */
  readonly iouMin: number;
  /** Without overlap: centres at most so many box sizes apart, and areas within a factor of `areaRatioMax`. */
  readonly distanceMax: number;
  readonly areaRatioMax: number;
  /** A track not seen for so long is dropped; milliseconds of media time. */
  readonly ageMsMax: number;
  /** A box that kept this overlap with where it was first seen is fixed on the screen... */
  readonly stillIou: number;
  /** ...after so long; milliseconds. */
  readonly stillMs: number;
}

export const TRACKING_DEFAULTS: TrackingParameters = {
  tracksMax: 32,
  iouMin: 0.3,
  distanceMax: 1.5,
  areaRatioMax: 3,
  ageMsMax: 1000,
  stillIou: 0.6,
  stillMs: 1000,
};

/** One mark followed over frames. */
export interface Track {
  readonly id: number;
  readonly label: string;
  readonly box: Box;
  /** Of the box's centre, in picture widths and heights per second of media time. */
  readonly velocity: readonly [x: number, y: number];
  readonly firstPtsUs: number;
  readonly lastPtsUs: number;
  /** Where the track began, as long as it has not moved away from there; else null. */
  readonly anchor: Box | null;
}

export interface TrackerState {
  readonly tracks: readonly Track[];
  readonly nextId: number;
}

export const TRACKER_EMPTY: TrackerState = { tracks: [], nextId: 0 };

export interface TrackerStep {
  readonly state: TrackerState;
  /** By track id, for the tracks that were found in this frame. */
  readonly found: ReadonlyMap<number, Detection>;
}

/**
 * One frame: detections are given to tracks of their label, nearest pair first, where constant velocity expects
 * them; those with positive evidence that are left begin tracks; tracks not seen for long end. After a shot cut
 * only what is fixed on the screen goes on: tracks that stood still, or that are found at the same place at once.
 */
export function trackStep(
  state: TrackerState,
  frame: { readonly ptsUs: number; readonly shotCut: boolean; readonly detections: readonly Detection[] },
  parameters: TrackingParameters,
): TrackerStep {
  const { ptsUs, shotCut } = frame;
  const alive = state.tracks.filter((track) => ptsUs - track.lastPtsUs <= parameters.ageMsMax * 1000);
  const detections = [...frame.detections].sort((a, b) => b.llr - a.llr).slice(0, parameters.tracksMax * 2);
  const pairs = match(alive, detections, ptsUs, shotCut, parameters);

  const found = new Map<number, Detection>();
  const tracks: Track[] = [];
  for (const track of alive) {
    const detection = pairs.get(track);
    if (detection !== undefined) {
      found.set(track.id, detection);
      tracks.push(follow(track, detection.box, ptsUs, parameters));
    } else if (!shotCut || isStill(track, parameters)) {
      tracks.push(track);
    }
  }
  const taken = new Set(pairs.values());
  let nextId = state.nextId;
  for (const detection of detections) {
    if (taken.has(detection) || !(detection.llr > 0)) continue;
    if (tracks.length >= parameters.tracksMax && !dropStalest(tracks, ptsUs)) break;
    const track = begin(nextId++, detection, ptsUs);
    found.set(track.id, detection);
    tracks.push(track);
  }
  return { state: { tracks, nextId }, found };
}

/** True when the box has stood in one place long enough to be part of the screen, not of the scene. */
export function isStill(track: Track, parameters: TrackingParameters): boolean {
  return track.anchor !== null && track.lastPtsUs - track.firstPtsUs >= parameters.stillMs * 1000;
}

/** Greedy on the likeness of all pairs: with a few marks of a label a frame it differs from the optimum rarely. */
function match(
  tracks: readonly Track[],
  detections: readonly Detection[],
  ptsUs: number,
  shotCut: boolean,
  parameters: TrackingParameters,
): Map<Track, Detection> {
  const candidates: { track: Track; detection: Detection; likeness: number }[] = [];
  for (const track of tracks) {
    const expected = shotCut ? track.box : predict(track, ptsUs);
    for (const detection of detections) {
      if (detection.label !== track.label) continue;
      const likeness = shotCut
        ? samePlace(track.box, detection.box, parameters)
        : likenessOf(expected, detection.box, parameters);
      if (likeness > 0) candidates.push({ track, detection, likeness });
    }
  }
  candidates.sort((a, b) => b.likeness - a.likeness);
  const pairs = new Map<Track, Detection>();
  const taken = new Set<Detection>();
  for (const { track, detection } of candidates) {
    if (pairs.has(track) || taken.has(detection)) continue;
    pairs.set(track, detection);
    taken.add(detection);
  }
  return pairs;
}

function predict(track: Track, ptsUs: number): Box {
  const seconds = (ptsUs - track.lastPtsUs) / 1e6;
  const [x, y, w, h] = track.box;
  return [x + track.velocity[0] * seconds, y + track.velocity[1] * seconds, w, h];
}

function samePlace(a: Box, b: Box, parameters: TrackingParameters): number {
  const overlap = iou(a, b);
  return overlap >= parameters.stillIou ? overlap : 0;
}

/** 1..2 for overlapping boxes, 0..1 for near ones, 0 for strangers. */
function likenessOf(expected: Box, box: Box, parameters: TrackingParameters): number {
  const overlap = iou(expected, box);
  if (overlap >= parameters.iouMin) return 1 + overlap;
  const ratio = boxArea(expected) / boxArea(box);
  if (!(ratio <= parameters.areaRatioMax && ratio >= 1 / parameters.areaRatioMax)) return 0;
  const dx = (centreX(expected) - centreX(box)) / Math.max(expected[2], box[2]);
  const dy = (centreY(expected) - centreY(box)) / Math.max(expected[3], box[3]);
  return Math.max(0, 1 - Math.hypot(dx, dy) / parameters.distanceMax);
}

function follow(track: Track, box: Box, ptsUs: number, parameters: TrackingParameters): Track {
  const seconds = (ptsUs - track.lastPtsUs) / 1e6;
  const measured: [number, number] =
    seconds > 0
      ? [(centreX(box) - centreX(track.box)) / seconds, (centreY(box) - centreY(track.box)) / seconds]
      : [0, 0];
  // Half the measured velocity and half the old one: boxes tremble, marks are heavy.
  const velocity: [number, number] = [
    (track.velocity[0] + measured[0]) / 2,
    (track.velocity[1] + measured[1]) / 2,
  ];
  const still = track.anchor !== null && iou(track.anchor, box) >= parameters.stillIou;
  return { ...track, box, velocity, lastPtsUs: ptsUs, anchor: still ? track.anchor : null };
}

function begin(id: number, { label, box }: Detection, ptsUs: number): Track {
  return { id, label, box, velocity: [0, 0], firstPtsUs: ptsUs, lastPtsUs: ptsUs, anchor: box };
}

/** Makes room by ending the track unseen for longest; false when all of them were seen just now. */
function dropStalest(tracks: Track[], ptsUs: number): boolean {
  let stalest = 0;
  for (let i = 1; i < tracks.length; i++) {
    if (tracks[i]!.lastPtsUs < tracks[stalest]!.lastPtsUs) stalest = i;
  }
  if (tracks[stalest]!.lastPtsUs >= ptsUs) return false;
  tracks.splice(stalest, 1);
  return true;
}

const centreX = ([x, , w]: Box) => x + w / 2;
const centreY = ([, y, , h]: Box) => y + h / 2;
