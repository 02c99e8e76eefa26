import type { Detection } from '../../core/detection.js';
import { type ErrorCode, LogowatchError } from '../../core/errors.js';
import type { DetectOptions, DetectorImage, ModelInfo } from '../detector.js';

/** What a worker thread is started with: a model folder, run on one thread of the engine. */
export interface WorkerStart {
  readonly folder: string;
  readonly engine: string;
  /** One element: BUSY from the moment it is asked, or started, until it has answered. */
  readonly state: Int32Array;
}

export const IDLE = 0;
export const BUSY = 1;

/** One picture to look at. Its bytes lie at the beginning of `pixels`, which nobody writes until the answer is there. */
export interface Question {
  readonly picture: Omit<DetectorImage, 'data'>;
  readonly pixels: SharedArrayBuffer;
  readonly bytes: number;
  readonly options: DetectOptions;
}

export type Answer =
  | { readonly kind: 'ready'; readonly model: ModelInfo }
  | { readonly kind: 'found'; readonly detections: Detection[] }
  | { readonly kind: 'failed'; readonly error: SentError };

/** Between threads an error keeps its text alone: a class does not survive the copy. */
export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly value: string | undefined;
  readonly remedy: string | undefined;
  readonly stack: string | undefined;
}

export function sentError(error: unknown): SentError {
  const { code, value, remedy } =
    error instanceof LogowatchError
      ? error
      : { code: 'internal' as const, value: undefined, remedy: undefined };
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return { code, message, value, remedy, stack };
}

export function receivedError({ code, message, value, remedy, stack }: SentError): LogowatchError {
  const error = new LogowatchError(code, message, {
    ...(value !== undefined && { value }),
    ...(remedy !== undefined && { remedy }),
  });
  if (stack !== undefined) error.stack = stack;
  return error;
}
