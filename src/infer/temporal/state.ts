import type { ClockSource } from '../../core/frame.js';
import type { CusumState } from '../smooth/cusum.js';
import { TRACKER_EMPTY, type TrackerState } from '../track.js';
import type { Exposure, Sighting } from './sighting.js';

/** What a track has gathered for its label. */
export interface TrackEvidence {
  /** Evidence above the brand's drift: decides whether an appearance opens. */
  readonly cusum: CusumState;
  /** The same sum without the drift: since when the mark has been there. */
  readonly presence: CusumState;
  /** Probability that the mark is there, 0..1. */
  readonly pOn: number;
  /** Its evidence was enough: it shows its label from now on. */
  readonly confirmed: boolean;
  /** Sightings since `presence` was last zero: where an appearance starts when it opens. Empty once confirmed. */
  readonly pending: readonly Sighting[];
}

export interface OpenAppearance {
  readonly id: string;
  readonly label: string;
  readonly revision: number;
  /** Media time of the event before, microseconds. */
  readonly reportedUs: number;
  readonly exposure: Exposure;
}

/** The frame before: what its successor needs to know of it. */
export interface LastFrame {
  readonly ptsUs: number;
  readonly seq: number;
}

/**
 * Everything the temporal stage knows of one stream. Plain data: it survives JSON, so it can be kept in a log and
 * the stage go on in another process.
 */
export interface TemporalState {
  readonly streamId: string;
  readonly session: string | null;
  /** Sessions that others have replaced, oldest first; states written before there were any lack it. */
  readonly superseded?: readonly string[] | undefined;
  /** Frames of those since the last of `session`. */
  readonly strays?: number;
  readonly clock: ClockSource;
  readonly modelId: string;
  readonly modelHash: string;
  readonly lastFrame: LastFrame | null;
  /** Frames observed in this session. */
  readonly observed: number;
  /** Media time between neighbouring sampled frames, and between observed ones; the newest few, microseconds. */
  readonly sampledUs: readonly number[];
  readonly observedUs: readonly number[];
  readonly tracker: TrackerState;
  /** By track id. */
  readonly evidence: Readonly<Record<string, TrackEvidence>>;
  readonly open: readonly OpenAppearance[];
}

export function initialState(streamId: string): TemporalState {
  return {
    streamId,
    session: null,
    clock: 'arrival',
    modelId: '',
    modelHash: '',
    lastFrame: null,
    observed: 0,
    sampledUs: [],
    observedUs: [],
    tracker: TRACKER_EMPTY,
    evidence: {},
    open: [],
  };
}
