import { type RunStats, StatsTelemetry } from '../telemetry/stats.js';
import type { InternalEvent, Telemetry } from '../telemetry/telemetry.js';

/** One way in which the demo plays its broadcast; `id` is the stream's. */
export interface Play {
  readonly id: string;
  readonly url: string;
  readonly startedAtMs: number;
  readonly ended: Promise<void>;
}

/** Counts each stream apart, and ends the run when every play's broadcast is out and its source closed, in any order. */
export class PerPlay implements Telemetry {
  readonly #next: Telemetry;
  readonly #streams: ReadonlyMap<string, StatsTelemetry>;
  readonly #published = new Set<string>();
  readonly #closed = new Set<string>();
  readonly #over: AbortController;

  constructor(next: Telemetry, plays: readonly Play[], over: AbortController) {
    this.#next = next;
    this.#over = over;
    const silent = { emit: () => undefined };
    this.#streams = new Map(plays.map((p) => [p.id, new StatsTelemetry(silent)]));
    for (const { id, ended } of plays) {
      void ended
        .catch(() => undefined)
        .then(() => {
          this.#published.add(id);
          this.#endWhenWatched();
        });
    }
  }

  emit(event: InternalEvent): void {
    if (!('streamId' in event) || event.streamId === undefined) {
      this.#next.emit(event);
      return;
    }
    // A live server that goes away after the broadcast is no fault to warn of.
    const atTheEnd = this.#published.has(event.streamId);
    if (!(atTheEnd && (event.type === 'source-retry' || event.type === 'warning'))) this.#next.emit(event);
    this.#streams.get(event.streamId)?.emit(event);
    if (event.type === 'source-opened') this.#closed.delete(event.streamId);
    // A source that never opened cannot close: one more try after the broadcast is as good an end.
    if (event.type === 'source-closed' || (atTheEnd && event.type === 'source-retry'))
      this.#closed.add(event.streamId);
    this.#endWhenWatched();
  }

  #endWhenWatched(): void {
    const ids = [...this.#streams.keys()];
    if (ids.every((id) => this.#published.has(id) && this.#closed.has(id))) this.#over.abort();
  }

  stats(): Map<string, RunStats> {
    return new Map([...this.#streams].map(([id, s]) => [id, s.stats]));
  }

  text(started: number): string {
    const each = [...this.stats()].map(
      ([id, s]) =>
        `${id} ${s.inferred} frames, age ${s.ageP50Ms === null ? '-' : `${s.ageP50Ms.toFixed(0)} ms`}`,
    );
    return `${((performance.now() - started) / 1000).toFixed(0)} s: ${each.join('; ')}`;
  }
}
