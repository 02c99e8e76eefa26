import type { FactRows } from '../core/fact-rows.js';
import { ExposureCount } from '../exposure/analysis.js';
import type { ExposureSettings } from '../exposure/settings.js';
import { SeriesCount, type TimeRange } from './exposure-series.js';

export interface ExposureQuestion extends TimeRange {
  /** Left out: as by default. */
  readonly settings?: ExposureSettings | undefined;
}

/** What /api/exposure answers, of rows that come a slice of time after another. */
export class ExposureAnswer {
  readonly #count: ExposureCount;
  readonly #series: SeriesCount;

  constructor({ fromMs, toMs, settings }: ExposureQuestion) {
    const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
    const series = new SeriesCount({ fromMs, toMs });
    this.#series = series;
    this.#count = new ExposureCount({ from, to, settings }, (piece) => series.add(piece));
  }

  add(rows: FactRows): void {
    this.#count.add(rows);
  }

  end() {
    return { report: this.#count.end(), series: this.#series.end() };
  }
}
