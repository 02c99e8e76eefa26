import { type ErrorCode, LogowatchError } from '../core/errors.js';
import type { SourceEnd } from './source.js';

const outcomes: Partial<Record<ErrorCode, Pick<SourceEnd, 'reason' | 'final'>>> = {
  'source-unauthorized': { reason: 'unauthorized', final: true },
  'source-not-video': { reason: 'not-video', final: true },
  'source-refused': { reason: 'failed', final: true },
  'source-ended': { reason: 'ended', final: true },
  'ffmpeg-not-found': { reason: 'failed', final: true },
  'ffmpeg-unsupported': { reason: 'failed', final: true },
  'config-invalid': { reason: 'failed', final: true },
};

/** What it means that a source could not be opened: a live one is tried again unless that cannot help. */
export function openFailure(error: unknown, live: boolean): SourceEnd {
  const known =
    error instanceof LogowatchError
      ? error
      : new LogowatchError('source-failed', 'The source cannot be opened', { cause: error });
  const unreachable = known.code === 'source-unreachable' || known.code === 'source-not-found';
  const outcome = outcomes[known.code] ?? { reason: unreachable ? 'unreachable' : 'failed', final: !live };
  return { ...outcome, ...(known.code !== 'source-ended' && { error: known }) };
}
