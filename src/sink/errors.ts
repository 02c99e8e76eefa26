import { type ErrorDetails, LogowatchError } from '../core/errors.js';

/**
 * What a failed write means for the one who repeats it:
 * `retry`: the same batch may go through later; `event`: this event will never be taken, others may;
 * `sink`: nothing will be taken any more (wrong password, wrong address).
 * Any other error counts as `retry`.
 */
export type FailureScope = 'retry' | 'event' | 'sink';

export interface SinkErrorDetails extends ErrorDetails {
  scope: FailureScope;
  /** The receiver asked for so long a pause, milliseconds. */
  retryAfterMs?: number;
}

export class SinkError extends LogowatchError {
  readonly scope: FailureScope;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: SinkErrorDetails) {
    super('sink-failed', message, details);
    this.name = 'SinkError';
    this.scope = details.scope;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export function failureScope(error: unknown): FailureScope {
  return error instanceof SinkError ? error.scope : 'retry';
}
