import type { LookedAt } from '../bus/tapped.js';
import type { Appearance } from '../core/appearance.js';
import { errnoCode, isDiskFull } from '../core/errors.js';
import type { Sink } from '../sink/sink.js';
import type { ClipDropped } from '../telemetry/internal-event.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { BestFrames } from './best-frames.js';
import type { Clip, ClipLoss, Clips } from './clip/clips.js';
import type { EvidenceFolder } from './folder.js';
import { cropOf, type KeptFrame } from './picture.js';
import { bestOf, evidenceOf, type KeptClip } from './record.js';

/** The best frame of an appearance, where one was kept. */
export interface EvidenceSource {
  of(appearanceId: string): Promise<KeptFrame | undefined>;
  frame(frameId: string): Promise<KeptFrame | undefined>;
  /** JPEG of the place, with a little around it. */
  crop(appearance: Pick<Appearance, 'id' | 'label' | 'box'>): Promise<Buffer | undefined>;
}

interface Waiting {
  readonly write: () => Promise<void>;
  /** Why it was not written. */
  readonly drop: (reason: 'queue' | 'stop') => void;
}

interface Disk {
  readonly folder: EvidenceFolder;
  readonly telemetry: Telemetry;
  /** Left out: pictures alone. */
  readonly clips?: Clips | undefined;
  /** Others keep what this process has no frames of: Kafka spreads streams over them. */
  readonly shared?: boolean;
}

/** Some 20 MB of pictures. */
const WAITING_MAX = 256;
/** At the end, writing has so long: less than a sink has to close. */
const SETTLE_MS = 3_000;
/** So long a clip that is cut off takes to end. */
const STOP_MS = 1_000;
/** A disk that stays full, or fills again and again, is told of so often. */
const SAY_EVERY_MS = 3_600_000;

/**
 * What shows that an appearance was one: the newest in memory and, with a folder, every one that has ended on the disk. Pictures come
 * after the events, and clips after the pictures: what cannot be written is dropped and counted, and nothing waits for it.
 */
export class Evidence implements EvidenceSource {
  readonly #best: BestFrames;
  readonly #disk: Disk | undefined;
  readonly #waiting: Waiting[] = [];
  /** Clips that are not made yet. */
  readonly #making = new Set<Promise<void>>();
  #writing: Promise<void> | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param disk left out: in memory alone */
  constructor(disk?: Disk, best = new BestFrames()) {
    this.#disk = disk;
    this.#best = best;
  }

  /** For TappedBus. */
  readonly see = (looked: LookedAt): void => {
    this.#best.see(looked);
    this.#disk?.clips?.see(looked);
  };

  /** Every event, in order. */
  appearance(event: Appearance): void {
    this.#best.appearance(event);
    if (this.#disk === undefined) return;
    const { clips, telemetry } = this.#disk;
    const clip = clips?.appearance(event);
    if (event.state !== 'ended') return;
    const frame = this.#best.of(event.id);
    this.#put({
      write: () => this.#writePictures(event, frame),
      drop: (reason) => telemetry.emit({ type: 'evidence-dropped', reason }),
    });
    if (clip === undefined) return;
    const made = clip
      .then((found) => this.#clipMade(event.id, found))
      .finally(() => this.#making.delete(made));
    this.#making.add(made);
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

  async clip(appearanceId: string): Promise<KeptClip | undefined> {
    return this.#disk?.folder.clip(appearanceId);
  }

  /** Resolves when nothing waits to be made or written; what is not done in time is dropped. */
  async settle(limitMs = SETTLE_MS): Promise<void> {
    this.#disk?.clips?.hurry();
    await within(limitMs, this.#idle());
    this.#disk?.clips?.stop();
    for (const { drop } of this.#waiting.splice(0)) drop('stop');
    await within(STOP_MS, Promise.all(this.#making));
  }

  async close(): Promise<void> {
    await this.settle();
    await within(SETTLE_MS, this.#disk?.folder.close());
  }

  async #idle(): Promise<void> {
    while (this.#making.size > 0 || this.#writing !== undefined)
      await Promise.all([...this.#making, this.#writing]);
  }

  #put(waiting: Waiting): void {
    if (this.#waiting.length >= WAITING_MAX) {
      waiting.drop('queue');
      return;
    }
    this.#waiting.push(waiting);
    this.#writing ??= this.#work().finally(() => {
      this.#writing = undefined;
    });
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      await next.write();
  }

  async #writePictures(event: Appearance, frame: Promise<KeptFrame | undefined>): Promise<void> {
    const { folder, telemetry, shared } = this.#disk!;
    const kept = await frame;
    const drop = (reason: 'no-frame' | 'elsewhere' | 'disk-full' | 'failed') =>
      telemetry.emit({ type: 'evidence-dropped', reason });
    if (kept === undefined) return drop(shared ? 'elsewhere' : 'no-frame');
    try {
      await folder.put(await evidenceOf(event, kept, Date.now()));
    } catch (error) {
      drop(this.#failed(error));
    }
  }

  #clipMade(appearanceId: string, made: Clip | ClipLoss): void {
    const { folder, telemetry, shared } = this.#disk!;
    const drop = (reason: ClipDropped) => telemetry.emit({ type: 'evidence-clip-dropped', reason });
    if (typeof made === 'string') {
      drop(made === 'no-frame' && shared ? 'elsewhere' : made);
      return;
    }
    const write = async () => {
      try {
        if (!(await folder.attach(appearanceId, made))) drop('no-picture');
      } catch (error) {
        drop(this.#failed(error));
      }
    };
    this.#put({ write, drop });
  }

  /** Says, now and then, what is wrong with the disk. */
  #failed(error: unknown): 'disk-full' | 'failed' {
    const { folder, telemetry } = this.#disk!;
    const full = isDiskFull(error);
    const now = performance.now();
    if (now - this.#saidAt >= SAY_EVERY_MS) {
      this.#saidAt = now;
      const message = full
        ? `the disk of ${folder.path} is full: evidence is dropped until there is space, events go on`
        : `evidence cannot be written to ${folder.path} (${errnoCode(error) ?? String(error)}) and is dropped, events go on`;
      telemetry.emit({ type: 'warning', message });
    }
    return full ? 'disk-full' : 'failed';
  }
}

async function within(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
