import type { Piece } from '../exposure/tally.js';

/** Of one brand, all streams together: seconds seen in each of the buckets. */
export interface BrandSeries {
  readonly label: string;
  readonly seconds: readonly number[];
}

export interface ExposureSeries {
  /** Start of each bucket, seconds since the epoch. */
  readonly times: readonly number[];
  readonly bucketSeconds: number;
  readonly brands: readonly BrandSeries[];
}

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export const BUCKETS = 48;

/** What was seen in a range of time, in buckets of one length. */
export class SeriesCount {
  readonly #range: TimeRange;
  readonly #brands = new Map<string, number[]>();

  constructor(range: TimeRange) {
    this.#range = range;
  }

  /** @param piece within the range */
  add({ startMs, endMs, present }: Readonly<Piece>): void {
    const { fromMs } = this.#range;
    const lengthMs = this.#bucketMs;
    const last = Math.min(BUCKETS - 1, Math.floor((endMs - fromMs) / lengthMs));
    for (const { label, share } of present) {
      const seconds = this.#secondsOf(label);
      for (let i = Math.floor((startMs - fromMs) / lengthMs); i <= last; i++) {
        const from = Math.max(startMs, fromMs + i * lengthMs);
        const to = Math.min(endMs, fromMs + (i + 1) * lengthMs);
        seconds[i]! += (share * Math.max(0, to - from)) / 1000;
      }
    }
  }

  end(): ExposureSeries {
    const times = Array.from({ length: BUCKETS }, (_, i) => (this.#range.fromMs + i * this.#bucketMs) / 1000);
    const brands = [...this.#brands].map(([label, seconds]) => ({ label, seconds }));
    brands.sort((a, b) => (a.label < b.label ? -1 : 1));
    return { times, bucketSeconds: this.#bucketMs / 1000, brands };
  }

  get #bucketMs(): number {
    return (this.#range.toMs - this.#range.fromMs) / BUCKETS;
  }

  #secondsOf(label: string): number[] {
    let seconds = this.#brands.get(label);
    if (seconds === undefined) {
      seconds = new Array<number>(BUCKETS).fill(0);
      this.#brands.set(label, seconds);
    }
    return seconds;
  }
}
