import type { ClockSource } from './frame.js';
import type { Box } from './geometry.js';

export type AppearanceState = 'started' | 'ongoing' | 'ended';
export type EndReason = 'gone' | 'stream-lost' | 'session-end' | 'stopped';

/**
 * One brand on one stream from one time to another; an event on the `appearances` topic is a revision of it.
 * The last revision of an id is the truth.
 */
export interface Appearance {
  /** Stable over all revisions; kept from the moment the appearance opens. */
  readonly id: string;
  /** 0, 1, 2, ... within an id. */
  readonly revision: number;
  readonly state: AppearanceState;
  readonly streamId: string;
  readonly session: string;
  readonly label: string;
  /** Media time in milliseconds since the session's first frame. */
  readonly startPtsMs: number;
  /** End so far: media time just after the last frame that showed it. */
  readonly endPtsMs: number;
  /** ISO 8601, UTC, from the session's clock. */
  readonly startTime: string;
  readonly endTime: string;
  readonly clock: ClockSource;
  readonly endReason: EndReason | null;
  /** Best calibrated probability so far, 0..1. */
  readonly score: number;
  readonly meanScore: number;
  /** The box of the best frame; relative to the picture. */
  readonly box: Box;
  readonly firstBox: Box;
  readonly meanBox: Box;
  /** Share of the picture covered, mean and greatest, 0..1. */
  readonly areaMean: number;
  readonly areaMax: number;
  /** Media time in which the logo was really seen, milliseconds: never more than endPtsMs - startPtsMs. */
  readonly exposureMs: number;
  /** Observed frames / frames sampled by the source between start and end, 0..1. */
  readonly coverage: number;
  readonly frames: number;
  readonly modelId: string;
  readonly modelHash: string;
}
