import { LogowatchError } from '../../core/errors.js';

/** A user's file that does not load. */
export function foreignDamaged(message: string, value: string, cause?: unknown): LogowatchError {
  return new LogowatchError('model-damaged', message, {
    value,
    remedy: 'Export the network again; docs/your-own-model.md shows how',
    cause,
  });
}

/** A user's network that loads, but is of a form that cannot be used. */
export function foreignUnfit(message: string, value: string, remedy: string): LogowatchError {
  return new LogowatchError('model-incompatible', message, { value, remedy });
}

export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0]!.slice(0, 200);
}
