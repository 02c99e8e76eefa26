import { GRID, qualityOf } from './look.js';
import type { ExposureSettings } from './settings.js';
import type { Mark } from './sweep.js';

/** One brand, two, three or more on screen at once. */
export const TOGETHER = 3;

/** A piece of time in which nothing changes. */
export interface Piece {
  readonly startMs: number;
  readonly endMs: number;
  /** Of 30 s; null where no price is known. */
  readonly per30s: number | null;
  readonly present: readonly Mark[];
}

/** Sums of one brand in one scope; all times in milliseconds of exposure unless they say otherwise. */
export class BrandTally {
  appearances = 0;
  exposureMs = 0;
  /** From start to end, seen or not. */
  onScreenMs = 0;
  lookedAtMs = 0;
  areaMs = 0;
  centralityMs = 0;
  clarityMs = 0;
  qualityMs = 0;
  ratedMs = 0;
  gross = 0;
  qualityWeighted = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  readonly togetherMs = zeros(TOGETHER);
  readonly bandsMs: number[];
  readonly positionMs = zeros(GRID * GRID);
  #appearance = -1;

  constructor(bands: number) {
    this.bandsMs = zeros(bands);
  }

  /** An appearance of no length. */
  addInstant(ms: number): void {
    this.appearances++;
    this.#reach(ms, ms);
  }

  add(mark: Mark, piece: Piece, brandsOnScreen: number, settings: ExposureSettings): void {
    const { startMs, endMs, per30s } = piece;
    const lengthMs = endMs - startMs;
    const { look } = mark;
    if (mark.appearance !== this.#appearance) this.appearances++;
    this.#appearance = mark.appearance;
    this.#reach(startMs, endMs);
    this.onScreenMs += lengthMs;
    this.lookedAtMs += mark.coverage * lengthMs;
    if (mark.share === 0) return;
    const ms = mark.share * lengthMs;
    const qualityMs = ms * qualityOf(look, brandsOnScreen, settings);
    this.exposureMs += ms;
    this.togetherMs[Math.min(brandsOnScreen, TOGETHER) - 1]! += ms;
    this.bandsMs[look.band]! += ms;
    this.positionMs[look.cell]! += ms;
    this.areaMs += ms * look.area;
    this.centralityMs += ms * look.centrality;
    this.clarityMs += ms * look.clarity;
    this.qualityMs += qualityMs;
    if (per30s === null) return;
    this.ratedMs += ms;
    this.gross += (ms / 30_000) * per30s;
    this.qualityWeighted += (qualityMs / 30_000) * per30s;
  }

  /** What another tally of the brand has, as on another stream. */
  merge(other: BrandTally): void {
    for (const key of SUMS) this[key] += other[key];
    for (const key of ['togetherMs', 'bandsMs', 'positionMs'] as const)
      other[key].forEach((ms, i) => {
        this[key][i]! += ms;
      });
    this.#reach(other.firstMs, other.lastMs);
  }

  #reach(startMs: number, endMs: number): void {
    this.firstMs = Math.min(this.firstMs, startMs);
    this.lastMs = Math.max(this.lastMs, endMs);
  }
}

const SUMS = [
  'appearances',
  'exposureMs',
  'onScreenMs',
  'lookedAtMs',
  'areaMs',
  'centralityMs',
  'clarityMs',
  'qualityMs',
  'ratedMs',
  'gross',
  'qualityWeighted',
] as const;

/** Sums of one scope: a stream, a part of its time, or all streams. */
export class ScopeTally {
  readonly brands = new Map<string, BrandTally>();
  /** Label, then label: exposure that both have at once. The first label is the lesser. */
  readonly pairs = new Map<string, Map<string, number>>();
  /** Exposure of any brand, by how many were there. */
  readonly togetherMs = zeros(TOGETHER);
  readonly #settings: ExposureSettings;

  constructor(settings: ExposureSettings) {
    this.#settings = settings;
  }

  brand(label: string): BrandTally {
    let tally = this.brands.get(label);
    if (tally === undefined) {
      tally = new BrandTally(this.#settings.bands.length + 1);
      this.brands.set(label, tally);
    }
    return tally;
  }

  add(piece: Piece, withPairs: boolean): void {
    const { present, startMs, endMs } = piece;
    let brandsOnScreen = 0;
    let share = 0;
    for (const mark of present) {
      if (mark.share > 0) brandsOnScreen++;
      share = Math.max(share, mark.share);
    }
    for (const mark of present) this.brand(mark.label).add(mark, piece, brandsOnScreen, this.#settings);
    if (brandsOnScreen === 0) return;
    this.togetherMs[Math.min(brandsOnScreen, TOGETHER) - 1]! += share * (endMs - startMs);
    if (withPairs && brandsOnScreen > 1) this.#addPairs(piece);
  }

  merge(other: ScopeTally): void {
    for (const [label, tally] of other.brands) this.brand(label).merge(tally);
    for (const [a, row] of other.pairs) for (const [b, ms] of row) this.#addPair(a, b, ms);
    other.togetherMs.forEach((ms, i) => {
      this.togetherMs[i]! += ms;
    });
  }

  #addPairs({ present, startMs, endMs }: Piece): void {
    for (let i = 0; i < present.length; i++)
      for (let j = i + 1; j < present.length; j++) {
        const [a, b] = [present[i]!, present[j]!];
        const ms = Math.min(a.share, b.share) * (endMs - startMs);
        if (ms === 0) continue;
        const [first, second] = [a.label, b.label];
        if (first < second) this.#addPair(first, second, ms);
        else this.#addPair(second, first, ms);
      }
  }

  #addPair(first: string, second: string, ms: number): void {
    let row = this.pairs.get(first);
    if (row === undefined) {
      row = new Map();
      this.pairs.set(first, row);
    }
    row.set(second, (row.get(second) ?? 0) + ms);
  }
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}
