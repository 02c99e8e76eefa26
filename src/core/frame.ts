/**
 * What ingest publishes on the `frames` topic: frames, and facts about the stream between them.
 *
 * Media time is the PTS within one session, in integer microseconds from the session's first frame. PTS of two
 * sessions are never comparable: every opening of a source starts a new session.
 */

/** Where a wall time comes from, most exact first. */
export type ClockSource = 'program-date-time' | 'rtcp' | 'arrival' | 'file';

/** What every record of a stream carries. */
export interface StreamPosition {
  readonly streamId: string;
  /** A new unique id each time the source is opened. */
  readonly session: string;
  /** Media time since the session's first frame, integer microseconds. */
  readonly ptsUs: number;
  /** Wall time of that media time, milliseconds since the Unix epoch. */
  readonly wallTimeMs: number;
  readonly clock: ClockSource;
}

/** The part of a letterboxed frame that holds the picture, in pixels of the frame. */
export interface ContentRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Frame extends StreamPosition {
  readonly kind: 'frame';
  /** Counts sampled frames from 0 within the session. A hole in it is a counted drop. */
  readonly seq: number;
  /** Arrival at this process, milliseconds since the Unix epoch; frame age is counted from it. */
  readonly arrivalMs: number;
  /** True for a source that does not wait for us: its frames may be dropped, newest wins. */
  readonly live: boolean;
  readonly width: number;
  readonly height: number;
  readonly content: ContentRect;
  /** `rgb24`: width * height * 3 bytes, row by row. `jpeg`: an encoded picture, on buses that leave the process. */
  readonly format: 'rgb24' | 'jpeg';
  readonly data: Uint8Array;
}

export type GapReason =
  | 'stalled'
  | 'unreachable'
  | 'ended'
  | 'failed'
  | 'unauthorized'
  | 'not-video'
  | 'pts-jump';

/** A session begins; its first frame follows. */
export interface SessionOpened extends StreamPosition {
  readonly kind: 'session-opened';
}

/** Media time is missing from here on: either a jump inside a session, or nothing until the next session. */
export interface StreamGap extends StreamPosition {
  readonly kind: 'gap';
  readonly reason: GapReason;
  /** How much media time is known to be missing, microseconds; 0 when unknown. */
  readonly missingUs: number;
}

/** A session is over. `final` says that no other follows (the file ended, the stream was removed, we stop). */
export interface SessionClosed extends StreamPosition {
  readonly kind: 'session-closed';
  readonly reason: GapReason | 'stopped';
  readonly final: boolean;
}

/** Facts are never dropped, unlike frames. */
export type StreamFact = SessionOpened | StreamGap | SessionClosed;
export type FrameRecord = Frame | StreamFact;
