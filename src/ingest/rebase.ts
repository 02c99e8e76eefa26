import type { PtsJump } from './source.js';

/** Beyond this a step forward is a jump of the clock, microseconds. */
export const FORWARD_JUMP_US = 10_000_000;

/** A step back by less than this is a correction of the source's clock (a first RTCP report), no jump. */
const CORRECTION_US = 1_000_000;

export interface RebasedPts {
  /** Microseconds since the first frame; always grows. */
  readonly ptsUs: number;
  readonly jump?: PtsJump;
}

/**
 * Makes one growing media time, from 0, of the PTS of one opening. A step back, or forward by more than the limit,
 * counts as one sampling interval and is reported: how much is missing behind it nobody knows. Small corrections of
 * the source's clock are only evened out.
 */
export class PtsRebaser {
  readonly #intervalUs: number;
  readonly #forwardUsMax: number;
  #offsetUs: number | undefined;
  #last = -1;

  constructor(intervalUs: number, forwardUsMax = FORWARD_JUMP_US) {
    this.#intervalUs = Math.round(intervalUs);
    this.#forwardUsMax = forwardUsMax;
  }

  next(ptsUs: number | undefined): RebasedPts {
    if (ptsUs === undefined) return this.#emit(this.#last < 0 ? 0 : this.#last + this.#intervalUs);
    if (this.#offsetUs === undefined) {
      // Frames without a PTS may have come first.
      this.#offsetUs = ptsUs - (this.#last < 0 ? 0 : this.#last + this.#intervalUs);
    }
    const rebased = ptsUs - this.#offsetUs;
    if (this.#last < 0) return this.#emit(rebased);
    const step = rebased - this.#last;
    if (step > 0 && step <= this.#forwardUsMax) return this.#emit(rebased);
    const next = this.#last + this.#intervalUs;
    this.#offsetUs = ptsUs - next;
    const emitted = this.#emit(next);
    if (step <= 0 && step > -CORRECTION_US) return emitted;
    return { ...emitted, jump: { reason: 'pts-jump', missingUs: 0 } };
  }

  #emit(ptsUs: number): RebasedPts {
    this.#last = ptsUs;
    return { ptsUs };
  }
}
