import type { ClockSource } from '../core/frame.js';

/** Span over which the fastest frame is remembered, microseconds of media time. */
const WINDOW_US = 300_000_000;

export interface WallTime {
  readonly wallTimeMs: number;
  readonly clock: ClockSource;
}

/**
 * Wall time of media time where the source does not tell: PTS + min(arrival - PTS), since the frame that travelled
 * fastest is the one nearest to the truth. The minimum is over the last 5 to 10 minutes of the session, so that a
 * source whose clock runs slow is followed.
 */
export class ArrivalClock {
  #current = Number.POSITIVE_INFINITY;
  #previous = Number.POSITIVE_INFINITY;
  #windowStartUs = 0;

  /** Both in the order of arrival. Times in microseconds of media time and milliseconds since the epoch. */
  observe(ptsUs: number, arrivalMs: number): void {
    if (ptsUs - this.#windowStartUs >= WINDOW_US) {
      this.#previous = this.#current;
      this.#current = Number.POSITIVE_INFINITY;
      this.#windowStartUs = ptsUs;
    }
    this.#current = Math.min(this.#current, arrivalMs - ptsUs / 1000);
  }

  /** After a PTS jump earlier arrivals say nothing about what follows. */
  reset(ptsUs: number): void {
    this.#current = Number.POSITIVE_INFINITY;
    this.#previous = Number.POSITIVE_INFINITY;
    this.#windowStartUs = ptsUs;
  }

  wallTime(ptsUs: number): WallTime {
    const offset = Math.min(this.#current, this.#previous);
    return { wallTimeMs: Math.round(offset + ptsUs / 1000), clock: 'arrival' };
  }
}
