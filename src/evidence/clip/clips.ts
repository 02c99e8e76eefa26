import type { LookedAt } from '../../bus/tapped.js';
import type { Appearance } from '../../core/appearance.js';
import type { ClipSection } from '../config.js';
import { ClipError, type ClipFailure, type EncodeClip, type EncodedClip } from './encode.js';
import { type ClipFrame, ClipRing, type FrameLoss } from './ring.js';

/** A short video around an appearance. */
export interface Clip extends EncodedClip {
  /** Sampled frames in it. */
  readonly frames: number;
  /** Media time of its first and its last frame, within the session. */
  readonly startPtsMs: number;
  readonly endPtsMs: number;
  /** ISO 8601, UTC, of its first frame. */
  readonly startTime: string;
}

/** `memory`: its beginning had to give way. `queue`: more were being made than memory is there for. */
export type ClipLoss = ClipFailure | 'memory' | 'queue' | 'no-frame';

interface Pending {
  readonly streamId: string;
  readonly session: string;
  readonly startPtsMs: number;
  readonly fromMs: number;
  /** Where the clip ends: no later than `maxSeconds` after it began. */
  toMs: number;
  ended: boolean;
  cut: boolean;
  timer: NodeJS.Timeout | undefined;
  readonly made: Promise<Clip | ClipLoss>;
  readonly resolve: (made: Clip | ClipLoss) => void;
}

interface Job {
  readonly frames: readonly ClipFrame[];
  readonly bytes: number;
  readonly resolve: (made: Clip | ClipLoss) => void;
}

export interface ClipsOptions {
  readonly section: ClipSection;
  readonly encode: EncodeClip;
  readonly onFrameLoss: (reason: FrameLoss) => void;
}

/** Appearances under way at once; of more there is no clip. */
const PENDING_MAX = 256;
/** What follows on an end may be so late, wall time: then the stream is gone. */
const LATE_MS = 10_000;
/** Media time beside a whole clip: what events come later than their frames. */
const SLACK_MS = 5_000;
const MEGABYTE = 1_000_000;

/**
 * Clips of appearances, from the frames that were looked at. One is cut when its appearance has ended and what follows was seen, or
 * when it is as long as it may be; and encoded, one at a time.
 */
export class Clips {
  readonly #options: ClipsOptions;
  readonly #ring: ClipRing;
  readonly #pending = new Map<string, Pending>();
  readonly #jobs: Job[] = [];
  readonly #stopped = new AbortController();
  readonly #maxBytes: number;
  /** Bytes of frames that are being encoded, and of clips that wait for the end of their appearance. */
  #making = 0;
  #encoding = false;

  constructor(options: ClipsOptions) {
    this.#options = options;
    const { maxSeconds, memoryMegabytes } = options.section;
    this.#maxBytes = memoryMegabytes * MEGABYTE;
    const limits = { keepMs: maxSeconds * 1000 + SLACK_MS, maxBytes: this.#maxBytes };
    this.#ring = new ClipRing(limits, options.onFrameLoss);
  }

  see({ frame }: LookedAt): void {
    this.#ring.push(frame);
    const { streamId, session, ptsUs } = frame;
    for (const [id, p] of this.#pending)
      if (p.streamId === streamId && p.session === session && ptsUs / 1000 >= p.toMs) this.#cut(id, p);
  }

  /** Every event, in order. With the one that ends it comes what becomes of its clip; it must be waited for. */
  appearance(event: Appearance): Promise<Clip | ClipLoss> | undefined {
    const pending = this.#pending.get(event.id) ?? this.#open(event);
    if (event.state !== 'ended') return undefined;
    if (pending === undefined)
      return Promise.resolve(this.#ring.has(event.streamId, event.session) ? 'queue' : 'no-frame');
    this.#end(event, pending);
    return pending.made.then((made) => {
      if (typeof made !== 'string') this.#making -= made.mp4.length;
      return made;
    });
  }

  /** No more frames come: what has ended is cut where it stands. */
  hurry(): void {
    for (const [id, p] of this.#pending) if (p.ended) this.#cut(id, p);
  }

  /** What is not made by now is not made. */
  stop(): void {
    this.hurry();
    this.#stopped.abort();
    for (const { resolve } of this.#jobs.splice(0)) resolve('stop');
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
  }

  #open({ id, streamId, session, startPtsMs }: Appearance): Pending | undefined {
    if (this.#pending.size >= PENDING_MAX || !this.#ring.has(streamId, session)) return undefined;
    const { beforeSeconds, maxSeconds } = this.#options.section;
    const fromMs = startPtsMs - beforeSeconds * 1000;
    let resolve: Pending['resolve'] = () => undefined;
    const made = new Promise<Clip | ClipLoss>((done) => {
      resolve = done;
    });
    const pending: Pending = {
      ...{ streamId, session, startPtsMs, fromMs, toMs: fromMs + maxSeconds * 1000 },
      ...{ ended: false, cut: false, timer: undefined, made, resolve },
    };
    this.#pending.set(id, pending);
    return pending;
  }

  #end({ id, endPtsMs, endReason }: Appearance, pending: Pending): void {
    const { afterSeconds } = this.#options.section;
    pending.ended = true;
    pending.toMs = Math.min(pending.toMs, endPtsMs + afterSeconds * 1000);
    const seen = this.#ring.frames(pending.streamId, pending.session, pending.toMs, Infinity).length > 0;
    if (pending.cut) this.#pending.delete(id);
    else if (seen || endReason !== 'gone') this.#cut(id, pending);
    else pending.timer = setTimeout(() => this.#cut(id, pending), afterSeconds * 1000 + LATE_MS).unref();
  }

  #cut(id: string, pending: Pending): void {
    // One that has not ended stays known, so that its end finds its clip.
    if (pending.ended) this.#pending.delete(id);
    if (pending.cut) return;
    pending.cut = true;
    clearTimeout(pending.timer);
    const { streamId, session, startPtsMs, fromMs, toMs, resolve } = pending;
    const frames = this.#ring.frames(streamId, session, fromMs, toMs);
    if (this.#ring.hasLost(streamId, session, startPtsMs)) resolve('memory');
    else if (frames.length === 0) resolve('no-frame');
    else if (this.#stopped.signal.aborted) resolve('stop');
    else this.#queue({ frames, resolve, bytes: frames.reduce((sum, { bytes }) => sum + bytes, 0) });
  }

  #queue(job: Job): void {
    if (this.#making + job.bytes > this.#maxBytes) {
      job.resolve('queue');
      return;
    }
    this.#making += job.bytes;
    this.#jobs.push(job);
    if (!this.#encoding) void this.#work();
  }

  async #work(): Promise<void> {
    this.#encoding = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await this.#make(job);
    this.#encoding = false;
  }

  async #make({ frames, bytes, resolve }: Job): Promise<void> {
    const made = await this.#clipOf(frames);
    this.#making += typeof made === 'string' ? -bytes : made.mp4.length - bytes;
    resolve(made);
  }

  async #clipOf(frames: readonly ClipFrame[]): Promise<Clip | ClipLoss> {
    const taken = await Promise.all(
      frames.map(async (frame) => ({ ...frame, jpeg: (await frame.jpeg) ?? Buffer.alloc(0) })),
    );
    const pictures = taken.filter(({ jpeg }) => jpeg.length > 0);
    const [first, last] = [pictures[0], pictures.at(-1)];
    if (first === undefined || last === undefined) return 'no-frame';
    const { width, height, ptsMs: startPtsMs, wallTimeMs } = first;
    const maxBytes = this.#options.section.maxMegabytes * MEGABYTE;
    try {
      const job = { pictures, width, height, maxBytes };
      const encoded = await this.#options.encode(job, this.#stopped.signal);
      const startTime = new Date(wallTimeMs).toISOString();
      return { ...encoded, frames: pictures.length, startPtsMs, endPtsMs: last.ptsMs, startTime };
    } catch (error) {
      return error instanceof ClipError ? error.reason : 'failed';
    }
  }
}
