import type { ClockSource, ContentRect, GapReason } from '../core/frame.js';

/** What the user asks of one stream. */
export interface SourceSpec {
  readonly streamId: string;
  /** rtsp, rtsps, http, https, rtmp, rtmps, srt, udp, file; or a path of a video, an image or a folder of images. */
  readonly url: string;
  /** Sampled frames per second of media time. Default 5. */
  readonly fps?: number;
  /** Size of the frames, pixels; the picture is fitted into it on grey. Default 640 x 360. */
  readonly width?: number;
  readonly height?: number;
  /** Default tcp. */
  readonly rtspTransport?: 'tcp' | 'udp';
  /** True plays a file at its own pace, as if it were a live source. Default: what the URL says. */
  readonly live?: boolean;
  /** Longest wait for the first frame. Default 15 000. */
  readonly connectTimeoutMs?: number;
  /** Longest wait between two frames. Default 10 000. */
  readonly stallTimeoutMs?: number;
  readonly ffmpegPath?: string;
  /** Decode keyframes only: about a sixth of the CPU, at the pace of the GOPs. */
  readonly keyframesOnly?: boolean;
  /** Wall time of a file's first frame, ms since the epoch. Default: the file's modification time. */
  readonly startTimeMs?: number;
}

/** A jump of the PTS between the frame before and this one; `ptsUs` goes on without it. */
export interface PtsJump {
  readonly reason: 'pts-jump';
  /** Media time known to be missing, microseconds; 0 when unknown. */
  readonly missingUs: number;
}

/** One sampled picture as a source delivers it, before the supervisor makes a Frame of it. */
export interface SourceFrame {
  /** Integer microseconds from the first frame of this opening. */
  readonly ptsUs: number;
  /** Counts the sampled pictures of this opening from 0; dropped ones leave holes. */
  readonly index: number;
  /** When its last byte reached this process, ms since the epoch. */
  readonly arrivalMs: number;
  /** Wall time of that media time where the source knows it (programme date-time, RTCP), ms since the epoch. */
  readonly wallTimeMs?: number;
  readonly clock?: ClockSource;
  readonly gapBefore?: PtsJump;
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
  /** Settled once a session is open: a playlist says only then whether it is live. */
  readonly live: boolean;
  /** Rejects with a LogowatchError when the source cannot even be tried. */
  open(signal: AbortSignal): Promise<SourceSession>;
}
