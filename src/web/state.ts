import type { LookedAt } from '../bus/tapped.js';
import type { Appearance } from '../core/appearance.js';
import { Evidence } from '../evidence/evidence.js';
import type { KeptFrame } from '../evidence/picture.js';
import type { ExposureSettings } from '../exposure/settings.js';
import type { Sink } from '../sink/sink.js';
import type { StreamControl } from '../streams/control.js';
import type { StreamView } from '../streams/view.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { HealthBoard, type StreamHealth } from './health.js';
import { EventHub } from './hub.js';
import { LiveFrames } from './live-frames.js';
import { MemoryStore } from './memory-store.js';
import type { PageStore } from './page-store.js';
import type { ReviewBook } from './review-book.js';

export interface WebStateOptions {
  readonly telemetry: Telemetry;
  readonly control: StreamControl;
  readonly review: ReviewBook;
  /** Left out: the newest appearances, in memory. */
  readonly store?: PageStore | undefined;
  /** Left out: the newest pictures, in memory. */
  readonly evidence?: Evidence | undefined;
  /** The labels that the model knows; empty until it is loaded. */
  readonly labels: () => readonly string[];
  /** How reports count; left out: as by default. */
  readonly exposure?: ExposureSettings | undefined;
}

/** A stream as the page shows it. */
export type ShownStream = StreamView & Omit<StreamHealth, 'id' | 'framesPerSecond'>;

const STREAMS_EVERY_MS = 1_000;

/** All that the page and its API know, and how it learns of it: telemetry, the tap of the bus, and a sink. */
export class WebState {
  readonly control: StreamControl;
  readonly review: ReviewBook;
  readonly labels: () => readonly string[];
  readonly exposure: ExposureSettings | undefined;
  readonly store: PageStore;
  readonly health: HealthBoard;
  readonly hub: EventHub;
  readonly live = new LiveFrames();
  readonly evidence: Evidence;
  readonly #memory: MemoryStore | undefined;
  readonly #timer: NodeJS.Timeout;
  /** As last told to those who listen. */
  #told = new Map<string, string>();

  constructor({ telemetry, control, review, store, labels, exposure, evidence }: WebStateOptions) {
    this.control = control;
    this.review = review;
    this.labels = labels;
    this.exposure = exposure;
    this.#memory = store === undefined ? new MemoryStore() : undefined;
    this.store = store ?? (this.#memory as MemoryStore);
    this.health = new HealthBoard(telemetry);
    this.hub = new EventHub({ onCut: () => telemetry.emit({ type: 'page-cut-off' }) });
    this.evidence = evidence ?? new Evidence();
    this.#timer = setInterval(() => this.#tellStreams(), STREAMS_EVERY_MS);
    this.#timer.unref();
  }

  /** For TappedBus. */
  readonly see = (looked: LookedAt): void => {
    this.live.see(looked);
    this.evidence.see(looked);
  };

  /** Hands the events to those who look; never waits for any of them. */
  sink(): Sink {
    return {
      name: 'web',
      write: async (events) => {
        await this.#memory?.upsert(events);
        for (const event of events) this.#appeared(event);
      },
      close: () => this.evidence.settle(),
    };
  }

  streams(): ShownStream[] {
    return this.control.list().map((view) => {
      const { framesPerSecond: _, ...health } = this.health.of(view.id);
      return { ...view, ...health };
    });
  }

  /** A frame by its id, from wherever it is still kept. */
  async frame(id: string): Promise<KeptFrame | undefined> {
    return this.live.frame(id) ?? (await this.evidence.frame(id));
  }

  close(): void {
    clearInterval(this.#timer);
    this.hub.close();
  }

  #appeared(event: Appearance): void {
    this.evidence.appearance(event);
    this.hub.publish('appearance', event, { kept: true });
  }

  /** What has changed since it was told last. */
  #tellStreams(): void {
    if (this.hub.clients === 0) return;
    const streams = this.streams();
    const now = new Map(streams.map((s) => [s.id, JSON.stringify(s)]));
    const changed = streams.filter((s) => this.#told.get(s.id) !== now.get(s.id));
    const removed = [...this.#told.keys()].filter((id) => !now.has(id));
    this.#told = now;
    if (changed.length + removed.length > 0) this.hub.publish('streams', { changed, removed });
  }
}
