import { Counter, Gauge, type Registry } from 'prom-client';
import type { InternalEvent } from './internal-event.js';

const DROPPED_REASONS = ['queue', 'stop', 'no-frame', 'disk-full', 'failed'] as const;

/** Pictures of appearances on the disk (docs/evidence.md). */
export class EvidenceMetrics {
  readonly #kept: Counter;
  readonly #dropped: Counter<'reason'>;
  readonly #removed: Counter<'reason'>;
  readonly #bytes: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['reason'] as const;
    const name = (end: string) => `logowatch_evidence_${end}`;
    this.#kept = new Counter({
      ...{ name: name('kept_total'), registers },
      help: 'Appearances with evidence on the disk',
    });
    this.#dropped = new Counter({
      ...{ name: name('dropped_total'), registers, labelNames },
      help: 'Appearances that ended without evidence on the disk',
    });
    this.#removed = new Counter({
      ...{ name: name('removed_total'), registers, labelNames },
      help: 'Evidence removed: too old, or too much',
    });
    this.#bytes = new Gauge({
      ...{ name: name('bytes'), registers },
      help: 'Evidence on the disk, all of the folder',
    });
  }

  measure(event: InternalEvent): void {
    switch (event.type) {
      case 'evidence-swept':
        // From 0 on, so that the first of each is seen as an increase.
        for (const reason of DROPPED_REASONS) this.#dropped.inc({ reason }, 0);
        this.#bytes.set(event.bytes);
        break;
      case 'evidence-kept':
        this.#kept.inc();
        this.#bytes.set(event.bytes);
        break;
      case 'evidence-dropped':
        this.#dropped.inc({ reason: event.reason });
        break;
      case 'evidence-removed':
        this.#removed.inc({ reason: event.reason }, event.count);
        break;
    }
  }
}
