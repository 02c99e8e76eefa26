import type { LookedAt } from '../bus/tapped.js';
import type { Appearance } from '../core/appearance.js';
import { errnoCode, isDiskFull } from '../core/errors.js';
import type { Sink } from '../sink/sink.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { BestFrames } from './best-frames.js';
import type { EvidenceFolder } from './folder.js';
import { cropOf, type KeptFrame } from './picture.js';
import { bestOf, evidenceOf } from './record.js';

/** The best frame of an appearance, where one was kept. */
export interface EvidenceSource {
  of(appearanceId: string): Promise<KeptFrame | undefined>;
  frame(frameId: string): Promise<KeptFrame | undefined>;
  /** JPEG of the place, with a little around it. */
  crop(appearance: Pick<Appearance, 'id' | 'label' | 'box'>): Promise<Buffer | undefined>;
}

interface Waiting {
  readonly event: Appearance;
  readonly frame: Promise<KeptFrame | undefined>;
}

/** Some 20 MB of pictures. */
const WAITING_MAX = 256;
/** At the end, writing has so long: less than a sink has to close. */
const SETTLE_MS = 3_000;
/** A disk that stays full, or fills again and again, is told of so often. */
const SAY_EVERY_MS = 3_600_000;

/**
 * What shows that an appearance was one: the newest in memory and, with a folder, every one that has ended on the disk. Pictures come
 * after the events: what cannot be written is dropped and counted, and nothing waits for it.
 */
export class Evidence implements EvidenceSource {
  readonly #best: BestFrames;
  readonly #disk: { readonly folder: EvidenceFolder; readonly telemetry: Telemetry } | undefined;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param disk left out: in memory alone */
  constructor(
    disk?: { readonly folder: EvidenceFolder; readonly telemetry: Telemetry },
    best = new BestFrames(),
  ) {
    this.#disk = disk;
    this.#best = best;
  }

  /** For TappedBus. */
  readonly see = (looked: LookedAt): void => this.#best.see(looked);

  /** Every event, in order. */
  appearance(event: Appearance): void {
    this.#best.appearance(event);
    if (event.state !== 'ended' || this.#disk === undefined) return;
    if (this.#waiting.length >= WAITING_MAX) {
      this.#disk.telemetry.emit({ type: 'evidence-dropped', reason: 'queue' });
      return;
    }
    this.#waiting.push({ event, frame: this.#best.of(event.id) });
    this.#writing ??= this.#work().finally(() => {
      this.#writing = undefined;
    });
  }

  /** For a run without a page, which hands its events on by itself. */
  sink(): Sink {
    return {
      name: 'evidence',
      write: async (events) => {
        for (const event of events) this.appearance(event);
      },
      close: () => this.settle(),
    };
  }

  async of(appearanceId: string): Promise<KeptFrame | undefined> {
    return (await this.#best.of(appearanceId)) ?? this.#disk?.folder.of(appearanceId);
  }

  async frame(frameId: string): Promise<KeptFrame | undefined> {
    return (await this.#best.frame(frameId)) ?? this.#disk?.folder.frame(frameId);
  }

  async crop({ id, label, box }: Pick<Appearance, 'id' | 'label' | 'box'>): Promise<Buffer | undefined> {
    const written = await this.#disk?.folder.crop(id);
    if (written !== undefined) return written;
    const kept = await this.#best.of(id);
    return kept && (await cropOf(kept, bestOf(label, kept.detections)?.box ?? box)).jpeg;
  }

  /** Resolves when nothing waits to be written; what a disk that hangs has not taken in time is dropped. */
  async settle(limitMs = SETTLE_MS): Promise<void> {
    await within(limitMs, this.#writing);
    for (const _ of this.#waiting.splice(0))
      this.#disk?.telemetry.emit({ type: 'evidence-dropped', reason: 'stop' });
  }

  async close(): Promise<void> {
    await this.settle();
    await within(SETTLE_MS, this.#disk?.folder.close());
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      await this.#write(next);
  }

  async #write({ event, frame }: Waiting): Promise<void> {
    const { folder, telemetry } = this.#disk ?? {};
    if (folder === undefined || telemetry === undefined) return;
    const kept = await frame;
    if (kept === undefined) {
      telemetry.emit({ type: 'evidence-dropped', reason: 'no-frame' });
      return;
    }
    try {
      await folder.put(await evidenceOf(event, kept, Date.now()));
    } catch (error) {
      const full = isDiskFull(error);
      telemetry.emit({ type: 'evidence-dropped', reason: full ? 'disk-full' : 'failed' });
      this.#say(
        full
          ? `the disk of ${folder.path} is full: evidence is dropped until there is space, events go on`
          : `evidence cannot be written to ${folder.path} (${errnoCode(error) ?? String(error)}) and is dropped, events go on`,
        telemetry,
      );
    }
  }

  #say(message: string, telemetry: Telemetry): void {
    const now = performance.now();
    if (now - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = now;
    telemetry.emit({ type: 'warning', message });
  }
}

async function within(ms: number, work: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
