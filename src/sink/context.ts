import type { Telemetry } from '../telemetry/telemetry.js';

/** What every sink is made with, beside its own options. */
export interface SinkContext {
  readonly telemetry: Telemetry;
  /** Names the sink and its group on the bus; default: its type. */
  readonly name?: string;
  /** Called before anything is printed on the terminal, to take a progress line away. */
  readonly beforePrint?: () => void;
}
