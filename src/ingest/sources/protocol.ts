import { LogowatchError } from '../../core/errors.js';
import type { FfmpegInput } from '../ffmpeg/arguments.js';
import type { FfmpegBinary } from '../ffmpeg/locate.js';
import type { SourceClock } from '../ffmpeg/session.js';
import type { SourceSpec } from '../source.js';

/** What one protocol knows of one opening. */
export interface PreparedInput {
  readonly input: FfmpegInput;
  readonly live: boolean;
  readonly clock?: SourceClock;
  /** An orderly end is the end of the stream, live or not. */
  readonly endIsFinal?: boolean;
  readonly onStarted?: (pid: number) => void;
  /** Called once when ffmpeg has ended, or was never started. */
  readonly release?: () => void;
  /** True for a line of stderr after which waiting for ffmpeg's own end makes no sense. */
  readonly giveUp?: (line: string) => boolean;
  /** See PtsRebaser. */
  readonly forwardUsMax?: number;
}

/** One file a protocol, one line in the table of open.ts. An instance serves one stream over all its openings. */
export interface Protocol {
  readonly live: boolean;
  /** Rejects with a LogowatchError when there is nothing that ffmpeg could be started on. */
  prepare(binary: FfmpegBinary, signal: AbortSignal): Promise<PreparedInput>;
}

export type ProtocolFactory = (spec: SourceSpec) => Protocol;

/** Rejects with `ffmpeg-unsupported` where this build of ffmpeg cannot speak the protocol. */
export function requireProtocol(binary: FfmpegBinary, protocol: string): void {
  if (binary.capabilities.inputProtocols.has(protocol)) return;
  throw new LogowatchError('ffmpeg-unsupported', `This ffmpeg cannot read ${protocol}`, {
    value: `${binary.path}, version ${binary.version}`,
    remedy: 'Install an ffmpeg with this protocol, or set the path of one',
  });
}
