import { type ErrorCode, LogowatchError } from '../../core/errors.js';
import { redact } from '../../core/redact.js';
import type { SourceEnd } from '../source.js';
import type { ProcessExit } from './process.js';

export interface ExitContext {
  readonly exit: ProcessExit;
  /** Lines of stderr, not yet redacted. */
  readonly stderr: readonly string[];
  readonly live: boolean;
  readonly frames: number;
  /** Redacted. */
  readonly label: string;
  /** Of the source's URL: ffmpeg names a stream key outside any URL too. */
  readonly secrets?: readonly string[];
}

interface Fault {
  readonly pattern: RegExp;
  readonly reason: SourceEnd['reason'];
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  /** Opening again cannot help. */
  readonly final: 'always' | 'files';
}

const NO_VIDEO = 'Name a source that has a video stream';
const UNAUTHORIZED: Omit<Fault, 'pattern' | 'final'> = {
  reason: 'unauthorized',
  code: 'source-unauthorized',
  message: 'The source refuses these credentials',
  remedy: 'Correct the user name and the password; it is not tried again',
};
const UNREACHABLE = { reason: 'unreachable', code: 'source-unreachable', final: 'files' } as const;
const NOT_VIDEO = { reason: 'not-video', code: 'source-not-video', final: 'always' } as const;

/** Top wins. ffmpeg's exit code says nothing: a killed server and a stalled one are exit 0. */
const faults: readonly Fault[] = [
  { ...UNAUTHORIZED, pattern: /\b401 Unauthorized|HTTP error 401\b|authorization failed/i, final: 'always' },
  { ...UNAUTHORIZED, pattern: /\b403 Forbidden|HTTP error 403\b/i, final: 'always' },
  {
    ...UNREACHABLE,
    pattern: /No such file or directory/,
    code: 'source-not-found',
    message: 'There is no such file',
    remedy: 'Correct the path',
  },
  {
    ...UNREACHABLE,
    pattern: /\b404 (?:Not Found|Stream Not Found)|HTTP error 404\b|Server returned 4/i,
    code: 'source-not-found',
    message: 'The server does not have this stream',
    remedy: 'Correct the path, or start the publisher',
  },
  {
    ...UNREACHABLE,
    pattern: /Connection refused/,
    message: 'Nothing answers at this address',
    remedy: 'Correct the host and the port, or start the server',
  },
  {
    ...UNREACHABLE,
    pattern:
      /Failed to resolve hostname|Name or service not known|No route to host|Network is unreachable|Connection timed out|Operation timed out|Temporary failure in name resolution/i,
    message: 'The host cannot be reached',
    remedy: 'Correct the host, or look to the network',
  },
  {
    pattern: /Protocol not found|not on whitelist/i,
    reason: 'failed',
    code: 'source-refused',
    message: 'The source names an address of a protocol that is not allowed here',
    remedy: 'Look into the playlist: it may be hostile. It is not tried again',
    final: 'always',
  },
];

const unreadable: readonly Fault[] = [
  {
    ...NOT_VIDEO,
    pattern: /matches no streams|does not contain any stream/,
    message: 'The source has no video stream',
    remedy: NO_VIDEO,
  },
  {
    ...NOT_VIDEO,
    pattern: /Invalid data found when processing input|moov atom not found|End of file/i,
    message: 'The source is not a video that can be read: it is empty, cut short, or something else',
    remedy: NO_VIDEO,
    final: 'files',
  },
];

/** What the end of an ffmpeg that we did not stop means. */
export function classifyExit(context: ExitContext): SourceEnd {
  const { exit, stderr, live, frames } = context;
  if (exit.spawnError) {
    return end(context, 'ffmpeg-not-found', 'ffmpeg could not be started', exit.spawnError.message, true);
  }
  if (frames > 0) return afterFrames(context);
  for (const fault of [...faults, ...unreadable]) {
    const line = stderr.find((text) => fault.pattern.test(text));
    if (
      line === undefined ||
      (fault.reason === 'not-video' && live && fault.final === 'always' && !hasInput(stderr))
    ) {
      continue;
    }
    return {
      reason: fault.reason === 'not-video' && live && fault.final === 'files' ? 'failed' : fault.reason,
      final: fault.final === 'always' || !live,
      error: new LogowatchError(fault.code, fault.message, {
        value: context.label,
        remedy: fault.remedy,
        cause: new Error(redact(line, context.secrets)),
      }),
    };
  }
  if (!live && exit.code === 0) {
    return end(context, 'source-not-video', 'The file holds no picture', undefined, true, 'not-video');
  }
  return end(context, 'source-failed', 'The source gave no frame', lastLine(stderr), !live);
}

/** A live source that got as far as frames is worth another try whatever it says; a file is at its end. */
function afterFrames(context: ExitContext): SourceEnd {
  const { exit, stderr, live } = context;
  if (live) {
    if (exit.code !== 0) return end(context, 'source-failed', 'The source failed', lastLine(stderr), false);
    return end(context, 'source-ended', 'The source ended', lastLine(stderr), false, 'ended');
  }
  if (stderr.some((line) => /partial file|Truncating packet|File ended prematurely/.test(line))) {
    return end(context, 'source-failed', 'The file is cut short: its last part is missing', undefined, true);
  }
  if (exit.code !== 0)
    return end(context, 'source-failed', 'The file cannot be read to its end', lastLine(stderr), true);
  return { reason: 'ended', final: true };
}

function end(
  context: ExitContext,
  code: ErrorCode,
  message: string,
  cause: string | undefined,
  final: boolean,
  reason: SourceEnd['reason'] = 'failed',
): SourceEnd {
  const said = cause === undefined ? undefined : redact(cause, context.secrets);
  const details = { value: context.label, ...(said !== undefined && { cause: new Error(said) }) };
  const why = said === undefined ? '' : `: ${said}`;
  return { reason, final, error: new LogowatchError(code, `${message}${why}`, details) };
}

/** The demuxer got as far as naming the streams, so that "no video" is what it found and no broken connection. */
function hasInput(stderr: readonly string[]): boolean {
  return stderr.some((line) => /Stream #\d+:\d+.*: (?:Audio|Subtitle|Data)/.test(line));
}

function lastLine(stderr: readonly string[]): string | undefined {
  return stderr.findLast((line) => /error|fail|invalid|timed? ?out|refused|reset/i.test(line));
}
