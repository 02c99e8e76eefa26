import { Counter, Gauge, type Registry } from 'prom-client';
import type { InternalEvent } from './internal-event.js';

const DROPPED_REASONS = ['queue', 'stop', 'no-frame', 'elsewhere', 'disk-full', 'failed'] as const;
const CLIP_DROPPED_REASONS = [...DROPPED_REASONS, 'memory', 'late', 'size', 'no-picture'] as const;

/** Pictures of appearances on the disk (docs/evidence.md). */
export class EvidenceMetrics {
  readonly #kept: Counter;
  readonly #dropped: Counter<'reason'>;
  readonly #removed: Counter<'reason'>;
  readonly #clips: Counter;
  readonly #clipsDropped: Counter<'reason'>;
  readonly #clipFramesDropped: Counter<'reason'>;
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
    this.#clips = new Counter({
      ...{ name: name('clips_kept_total'), registers },
      help: 'Appearances with a clip on the disk',
    });
    this.#clipsDropped = new Counter({
      ...{ name: name('clips_dropped_total'), registers, labelNames },
      help: 'Appearances that ended without the clip that they should have',
    });
    this.#clipFramesDropped = new Counter({
      ...{ name: name('clip_frames_dropped_total'), registers, labelNames },
      help: 'Frames that no clip can show: too many at once, or too many in memory',
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
        for (const reason of CLIP_DROPPED_REASONS) this.#clipsDropped.inc({ reason }, 0);
        this.#bytes.set(event.bytes);
        break;
      case 'evidence-kept':
        this.#kept.inc();
        this.#bytes.set(event.bytes);
        break;
      case 'evidence-dropped':
        this.#dropped.inc({ reason: event.reason });
        break;
      case 'evidence-clip-kept':
        this.#clips.inc();
        this.#bytes.set(event.bytes);
        break;
      case 'evidence-clip-dropped':
        this.#clipsDropped.inc({ reason: event.reason });
        break;
      case 'evidence-clip-frame-dropped':
        this.#clipFramesDropped.inc({ reason: event.reason });
        break;
      case 'evidence-removed':
        this.#removed.inc({ reason: event.reason }, event.count);
        break;
    }
  }
}
