import type { ClockSource, ContentRect, GapReason } from '../core/frame.js';

/** One sampled picture as a source delivers it, before the supervisor makes a Frame of it. */
export interface SourceFrame {
  /** Integer microseconds from the first frame of this opening. */
  readonly ptsUs: number;
  /** Wall time of that media time where the source knows it (programme date-time, RTCP), ms since the epoch. */
  readonly wallTimeMs?: number;
  readonly clock?: ClockSource;
  readonly width: number;
  readonly height: number;
  readonly content: ContentRect;
  /** rgb24 */
  readonly data: Uint8Array;
}

export interface SourceEnd {
  readonly reason: GapReason | 'stopped';
  /** True when opening again cannot help: the file ended, the password is wrong. */
  readonly final: boolean;
  readonly error?: Error;
}

/**
 * One opening of one source. `frames()` is pulled: a file waits for its reader; a live source keeps only the newest
 * frames and counts the others in `dropped`. The iterable never throws: how it ended is in `ended`.
 */
export interface SourceSession {
  frames(): AsyncIterable<SourceFrame>;
  readonly ended: Promise<SourceEnd>;
  readonly dropped: number;
  /** Stops the source and waits until its child process is reaped. Safe to call twice. */
  close(): Promise<void>;
}

export interface FrameSource {
  /** For logs and events: never holds a secret. */
  readonly label: string;
  readonly live: boolean;
  open(signal: AbortSignal): Promise<SourceSession>;
}
