import type { KafkaBus } from '../bus/kafka/kafka-bus.js';
import type { Config, ConfigFile } from '../config.js';
import type { OpsOptions } from '../telemetry/ops-server.js';
import type { StatsTelemetry } from '../telemetry/stats.js';

/** What a stage adds to what its ops server says. */
export interface StageOps {
  readonly checks: () => Readonly<Record<string, boolean>>;
  readonly notes: NonNullable<OpsOptions['notes']>;
  readonly api: NonNullable<OpsOptions['api']>;
}

export interface StageRun {
  readonly bus: KafkaBus;
  readonly config: Config;
  readonly file: ConfigFile & { readonly path: string };
  readonly telemetry: StatsTelemetry;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** To be called once everything is loaded. */
  readonly onWork: () => void;
  readonly onOps: (ops: StageOps) => void;
}
