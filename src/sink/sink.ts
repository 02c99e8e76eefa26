import type { Appearance } from '../core/appearance.js';

/**
 * Where appearance events go. `write` resolves when the events are safely handed over; the caller commits the
 * batch on the bus only then, and repeats the batch when `write` rejects, so a sink must bear the same
 * (id, revision) twice. `close` flushes.
 */
export interface Sink {
  readonly name: string;
  write(events: readonly Appearance[]): Promise<void>;
  close(): Promise<void>;
}
