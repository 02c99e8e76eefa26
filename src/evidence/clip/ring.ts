import type { Frame } from '../../core/frame.js';
import { pictureSize, sampledPicture } from '../picture.js';

/** A sampled frame, encoded; undefined where that failed. */
export interface ClipFrame {
  readonly streamId: string;
  readonly session: string;
  /** Media time within the session. */
  readonly ptsMs: number;
  readonly wallTimeMs: number;
  readonly width: number;
  readonly height: number;
  readonly jpeg: Promise<Buffer | undefined>;
  /** Of the JPEG; 0 until it is there. */
  readonly bytes: number;
}

interface Held extends ClipFrame {
  readonly sinceMs: number;
  bytes: number;
}

interface Stream {
  readonly frames: Held[];
  /** The last frame that gave way because there was too much. */
  lost: { readonly session: string; readonly ptsMs: number } | undefined;
}

export interface RingLimits {
  /** Media time of each stream. */
  readonly keepMs: number;
  /** Of all streams together. */
  readonly maxBytes: number;
}

/** Frames being encoded at once, some 11 MB; one that comes while so many are is passed over. */
const ENCODING_MAX = 16;

export type FrameLoss = 'busy' | 'memory';

/** The last seconds of every stream, as JPEG. What is too old goes, and the oldest of all where it is too much. */
export class ClipRing {
  readonly #limits: RingLimits;
  readonly #onLoss: (reason: FrameLoss) => void;
  readonly #streams = new Map<string, Stream>();
  /** All of them in the order they came: each stream's are in it in the stream's order. */
  readonly #all = new Set<Held>();
  #bytes = 0;
  #encoding = 0;

  constructor(limits: RingLimits, onLoss: (reason: FrameLoss) => void) {
    this.#limits = limits;
    this.#onLoss = onLoss;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Frame): void {
    if (this.#encoding >= ENCODING_MAX) {
      this.#onLoss('busy');
      return;
    }
    const { streamId, session, ptsUs, wallTimeMs } = frame;
    const stream = this.#streams.get(streamId) ?? { frames: [], lost: undefined };
    this.#streams.set(streamId, stream);
    this.#encoding++;
    const jpeg = sampledPicture(frame)
      .catch(() => undefined)
      .finally(() => this.#encoding--);
    const position = { streamId, session, ptsMs: ptsUs / 1000, wallTimeMs };
    const held: Held = { ...position, ...pictureSize(frame), jpeg, sinceMs: performance.now(), bytes: 0 };
    stream.frames.push(held);
    this.#all.add(held);
    this.#forgetOld(stream, held);
    void jpeg.then((bytes) => this.#encoded(held, bytes?.length ?? 0));
  }

  /** Those of a session from one media time to another, both included, in order. */
  frames(streamId: string, session: string, fromMs: number, toMs: number): readonly ClipFrame[] {
    const frames = this.#streams.get(streamId)?.frames ?? [];
    return frames.filter((f) => f.session === session && f.ptsMs >= fromMs && f.ptsMs <= toMs);
  }

  /** Whether frames of a session came, whatever became of them. */
  has(streamId: string, session: string): boolean {
    const { frames, lost } = this.#streams.get(streamId) ?? { frames: [], lost: undefined };
    return lost?.session === session || frames.some((f) => f.session === session);
  }

  /** Whether a frame at this time, or a later one, had to give way. */
  hasLost(streamId: string, session: string, ptsMs: number): boolean {
    const lost = this.#streams.get(streamId)?.lost;
    return lost?.session === session && lost.ptsMs >= ptsMs;
  }

  #forgetOld({ frames }: Stream, { session, ptsMs, sinceMs }: Held): void {
    const { keepMs } = this.#limits;
    const isOld = (f: Held) =>
      f.session === session ? ptsMs - f.ptsMs > keepMs : sinceMs - f.sinceMs > keepMs;
    for (let first = frames[0]; first !== undefined && isOld(first); first = frames[0]) this.#drop(first);
  }

  #encoded(held: Held, bytes: number): void {
    if (!this.#all.has(held)) return;
    held.bytes = bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#limits.maxBytes) {
      const [oldest] = this.#all;
      if (oldest === undefined) return;
      const { session, ptsMs } = oldest;
      this.#drop(oldest);
      const stream = this.#streams.get(oldest.streamId);
      if (stream !== undefined) stream.lost = { session, ptsMs };
      this.#onLoss('memory');
    }
  }

  /** The first of its stream. */
  #drop(held: Held): void {
    this.#all.delete(held);
    this.#bytes -= held.bytes;
    this.#streams.get(held.streamId)?.frames.shift();
  }
}
