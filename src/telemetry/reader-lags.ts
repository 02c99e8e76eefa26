import { Gauge, type Registry } from 'prom-client';

/** How far a reader is behind, all of its partitions in this process together. */
export interface ReaderLag {
  readonly group: string;
  /** Records fetched and not committed. */
  readonly waiting: number;
  /** When the oldest of them was written, milliseconds since the epoch; undefined where none waits. */
  readonly oldestMs: number | undefined;
  /** Records that the cluster had after the last fetch. */
  readonly beyond: number;
}

/** A reader that has nothing to commit fetches all the time: what was said so long ago is no longer so; milliseconds. */
const STALE_MS = 5_000;

/** Shown as of the moment that Prometheus asks, so that the lag of a reader that hangs goes on growing. */
export class ReaderLags {
  readonly #lags = new Map<string, ReaderLag & { readonly atMs: number }>();

  readonly #now: () => number;

  constructor(registry: Registry, now: () => number = Date.now) {
    this.#now = now;
    const lags = this.#lags;
    const common = { labelNames: ['group'], registers: [registry] };
    new Gauge({
      ...common,
      name: 'logowatch_bus_lag_records',
      help: 'Records of its partitions that a reader has not committed, as of its last fetch',
      collect() {
        for (const { group, waiting, beyond, atMs } of lags.values())
          this.set({ group }, waiting + (waiting > 0 || now() - atMs < STALE_MS ? beyond : 0));
      },
    });
    new Gauge({
      ...common,
      name: 'logowatch_bus_lag_seconds',
      help: 'Age of the oldest record that a reader has fetched and not committed',
      collect() {
        for (const { group, oldestMs } of lags.values())
          this.set({ group }, oldestMs === undefined ? 0 : Math.max(0, now() - oldestMs) / 1000);
      },
    });
  }

  set(lag: ReaderLag): void {
    this.#lags.set(lag.group, { ...lag, atMs: this.#now() });
  }
}
