import type { LookedAt } from '../bus/tapped.js';
import { type KeptFrame, keepFrame, thumbnail } from '../evidence/picture.js';

export interface LivePicture {
  readonly streamId: string;
  readonly seq: number;
  /** ISO 8601 */
  readonly time: string;
  readonly boxes: readonly {
    readonly label: string;
    readonly score: number;
    readonly box: readonly number[];
  }[];
  readonly jpeg: Buffer;
}

/** A stream is looked at for so long after somebody asked. */
const LOOK_MS = 4_000;
const WIDTH_PX = 320;
/** Whole frames that people have stopped at, newest last. */
const HELD_MAX = 50;

/** The last frame of the streams that somebody looks at; nothing is held or encoded of the others. */
export class LiveFrames {
  readonly #lookedAtUntil = new Map<string, number>();
  readonly #last = new Map<string, LookedAt>();
  readonly #pictures = new Map<string, { readonly of: LookedAt; readonly picture: Promise<LivePicture> }>();
  readonly #held = new Map<string, KeptFrame>();

  see(looked: LookedAt): void {
    const { streamId } = looked.frame;
    if (this.#isLookedAt(streamId)) this.#last.set(streamId, looked);
    else if (this.#last.delete(streamId)) this.#pictures.delete(streamId);
  }

  /** Those that are there; a stream that nobody looked at shows its next frame. @param ids a few: what a page shows at once */
  async look(ids: readonly string[]): Promise<LivePicture[]> {
    const until = performance.now() + LOOK_MS;
    this.#forget();
    for (const id of ids) this.#lookedAtUntil.set(id, until);
    const pictures = ids.map((id) => this.#picture(id));
    return (await Promise.all(pictures)).filter((p) => p !== undefined);
  }

  /** The stream's last frame at its own size, kept for a while; undefined where nobody looked at the stream. */
  async hold(streamId: string): Promise<KeptFrame | undefined> {
    const last = this.#last.get(streamId);
    if (last === undefined) return undefined;
    const kept = await keepFrame(last, (d) => d.confident);
    this.#held.set(kept.id, kept);
    if (this.#held.size > HELD_MAX) this.#held.delete(this.#held.keys().next().value ?? '');
    return kept;
  }

  frame(id: string): KeptFrame | undefined {
    return this.#held.get(id);
  }

  #isLookedAt(id: string): boolean {
    return (this.#lookedAtUntil.get(id) ?? 0) > performance.now();
  }

  #forget(): void {
    for (const id of this.#lookedAtUntil.keys()) {
      if (this.#isLookedAt(id)) continue;
      this.#lookedAtUntil.delete(id);
      this.#last.delete(id);
      this.#pictures.delete(id);
    }
  }

  /** Encoded once, however many look. */
  #picture(id: string): Promise<LivePicture> | undefined {
    const of = this.#last.get(id);
    if (of === undefined) return undefined;
    const known = this.#pictures.get(id);
    if (known?.of === of) return known.picture;
    const picture = encode(of);
    this.#pictures.set(id, { of, picture });
    return picture;
  }
}

async function encode({ frame, found }: LookedAt): Promise<LivePicture> {
  return {
    streamId: frame.streamId,
    seq: frame.seq,
    time: new Date(frame.wallTimeMs).toISOString(),
    boxes: found.detections
      .filter((d) => d.confident)
      .map(({ label, score, box }) => ({ label, score, box })),
    jpeg: await thumbnail(frame, WIDTH_PX),
  };
}
