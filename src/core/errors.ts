/**
 * Every failure a user can meet has a code from this closed union, says what happened, shows the value that
 * caused it (already redacted) and says what to do.
 */
export type ErrorCode =
  | 'config-invalid'
  | 'usage'
  | 'ffmpeg-not-found'
  | 'ffmpeg-unsupported'
  | 'source-unreachable'
  | 'source-unauthorized'
  | 'source-not-found'
  | 'source-not-video'
  | 'source-stalled'
  | 'source-refused'
  | 'source-ended'
  | 'source-failed'
  | 'model-missing'
  | 'model-damaged'
  | 'model-incompatible'
  | 'engine-unavailable'
  | 'dataset-invalid'
  | 'image-unreadable'
  | 'schema-mismatch'
  | 'message-invalid'
  | 'bus-closed'
  | 'bus-failed'
  | 'partition-lost'
  | 'range-empty'
  | 'sink-failed'
  | 'disk-full'
  | 'store-unreachable'
  | 'store-refused'
  | 'store-in-use'
  | 'store-schema-newer'
  | 'store-query'
  | 'store-failed'
  | 'stopped'
  | 'internal';

export interface ErrorDetails {
  /** The value that caused it, redacted by the one who throws. */
  value?: string;
  /** What the reader should do next. */
  remedy?: string;
  cause?: unknown;
}

export class LogowatchError extends Error {
  readonly code: ErrorCode;
  readonly value: string | undefined;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LogowatchError';
    this.code = code;
    this.value = details.value;
    this.remedy = details.remedy;
  }
}

/** One line for a person: what happened, which value, what to do. */
export function describeError(error: unknown): string {
  if (!(error instanceof LogowatchError)) return error instanceof Error ? error.message : String(error);
  const value = error.value === undefined ? '' : ` (${error.value})`;
  const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
  return `${error.message}${value}${remedy}`;
}

/** No space, no quota, or the largest size of a file is reached. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errnoCode(error) ?? '');
}

/** The POSIX code of a system error (`ENOSPC`, `ENOENT`, ...), if it is one. */
export function errnoCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
