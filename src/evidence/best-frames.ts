import type { LookedAt } from '../bus/tapped.js';
import type { Appearance } from '../core/appearance.js';
import type { Detection } from '../core/detection.js';
import { type KeptFrame, keepFrame } from './picture.js';

interface Candidate {
  readonly session: string;
  readonly ptsMs: number;
  readonly score: number;
  readonly frame: Promise<KeptFrame | undefined>;
}

interface Kept {
  readonly score: number;
  readonly frame: Promise<KeptFrame | undefined>;
}

export const EVIDENCE_MAX = 500;
const CANDIDATES_MAX = 500;
/** Pictures being encoded at once; a better frame that comes while all are is passed over. */
const ENCODING_MAX = 4;
/** A first frame is worth more than a better one: without it an appearance has none. Some 45 MB of them. */
const FIRST_ENCODING_MAX = 64;
/** A better frame is worth encoding when its score comes so much nearer to 1. */
const GAIN_MIN = 0.1;
/** A candidate that no appearance has claimed for so long, media time, gives way to any other. */
const STALE_MS = 10_000;

/**
 * Best frames, in memory: the newest few hundred appearances'. A frame is taken when it is seen, since it is gone when its
 * appearance is reported; a running maximum changes seldom, so that few are encoded.
 */
export class BestFrames {
  readonly #max: number;
  readonly #candidates = new Map<string, Candidate>();
  readonly #open = new Set<string>();
  readonly #kept = new Map<string, Kept>();
  readonly #byFrame = new Map<string, KeptFrame>();
  #encoding = 0;

  constructor(max = EVIDENCE_MAX) {
    this.#max = max;
  }

  see(looked: LookedAt): void {
    const best = new Map<string, Detection>();
    for (const d of looked.found.detections)
      if ((best.get(d.label)?.score ?? -1) < d.score) best.set(d.label, d);
    for (const detection of best.values()) this.#consider(looked, detection);
  }

  /** An event of the appearance: the best frame so far becomes its evidence. */
  appearance({ id, streamId, session, label, startPtsMs, endPtsMs, state }: Appearance): void {
    const key = keyOf(streamId, label);
    const candidate = this.#candidates.get(key);
    const inside =
      candidate?.session === session && candidate.ptsMs >= startPtsMs && candidate.ptsMs <= endPtsMs;
    if (inside && candidate.score > (this.#kept.get(id)?.score ?? -1)) this.#keep(id, candidate);
    if (state === 'ended') {
      this.#open.delete(key);
      if (inside) this.#candidates.delete(key);
    } else this.#open.add(key);
  }

  async of(appearanceId: string): Promise<KeptFrame | undefined> {
    return this.#kept.get(appearanceId)?.frame;
  }

  async frame(frameId: string): Promise<KeptFrame | undefined> {
    return this.#byFrame.get(frameId);
  }

  #consider(looked: LookedAt, { label, score, confident }: Detection): void {
    const { streamId, session, ptsUs } = looked.frame;
    const key = keyOf(streamId, label);
    if (!confident && !this.#open.has(key)) return;
    const ptsMs = ptsUs / 1000;
    const known = this.#candidates.get(key);
    const isOfNow = known?.session === session && (this.#open.has(key) || ptsMs - known.ptsMs < STALE_MS);
    if (isOfNow && score < known.score + GAIN_MIN * (1 - known.score)) return;
    if (this.#encoding >= (isOfNow ? ENCODING_MAX : FIRST_ENCODING_MAX)) return;
    this.#encoding++;
    const worth = (d: Detection) => d.confident || (d.label === label && d.score === score);
    const frame = keepFrame(looked, worth)
      .catch(() => undefined)
      .finally(() => this.#encoding--);
    this.#candidates.delete(key);
    this.#candidates.set(key, { session, ptsMs, score, frame });
    if (this.#candidates.size > CANDIDATES_MAX) dropFirst(this.#candidates);
  }

  #keep(id: string, { score, frame }: Candidate): void {
    const before = this.#kept.get(id);
    this.#kept.set(id, { score, frame });
    void frame.then((kept) => kept && this.#byFrame.set(kept.id, kept));
    if (before !== undefined) this.#forget(before);
    if (this.#kept.size > this.#max) {
      const [oldest] = this.#kept.values();
      dropFirst(this.#kept);
      if (oldest !== undefined) this.#forget(oldest);
    }
  }

  /** Two appearances may share a frame. */
  #forget({ frame }: Kept): void {
    if ([...this.#kept.values()].some((k) => k.frame === frame)) return;
    void frame.then((kept) => kept && this.#byFrame.delete(kept.id));
  }
}

const keyOf = (streamId: string, label: string): string => JSON.stringify([streamId, label]);

function dropFirst(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
