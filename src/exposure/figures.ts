import type { Cut } from './cuts.js';
import type { BrandTally, ScopeTally } from './tally.js';

export interface MediaValue {
  /** What the exposure would have cost as spots of 30 s. */
  readonly gross: number;
  /** The same, each moment times its quality. */
  readonly qualityWeighted: number;
  /** Exposure for which the rate card has a price. */
  readonly ratedMs: number;
}

/** One brand in one scope. Times are milliseconds; means are weighted by exposure, and null where there is none. */
export interface BrandFigures {
  readonly label: string;
  readonly appearances: number;
  readonly exposureMs: number;
  /** Of the scope's exposure of all brands, 0..1. */
  readonly shareOfVoice: number | null;
  /** Exposure with no other brand on screen, and with others. */
  readonly solusMs: number;
  readonly sharedMs: number;
  /** Exposure with one, two, three or more brands on screen, this one counted. */
  readonly simultaneousMs: readonly number[];
  /** Exposure by size, smallest first: one more than settings.bands has edges. */
  readonly bandsMs: readonly number[];
  /** Exposure by where the mark's centre was: nine cells of the screen, row by row from the top left. */
  readonly positionMs: readonly number[];
  /** Share of the screen covered, 0..1. */
  readonly areaMean: number | null;
  /** 1 in the middle, 0 in a corner. */
  readonly centrality: number | null;
  /** 0..1 */
  readonly clarity: number | null;
  /** 0..100 */
  readonly qualityIndex: number | null;
  /** Exposure, each moment times its quality. */
  readonly qualityMs: number;
  /** Share of the source's frames that were looked at while it was on screen, 0..1. */
  readonly coverage: number | null;
  readonly mediaValue: MediaValue | null;
  /** Start of the first appearance and end of the last; ISO 8601, UTC. */
  readonly first: string;
  readonly last: string;
}

/** Two brands that were seen at once. */
export interface Pair {
  readonly labels: readonly [string, string];
  /** At most so long: where both were seen all the time, just so long. */
  readonly togetherMs: number;
}

/** Figures of all streams, of one, or of a part of one's time. */
export interface ExposureScope {
  /** null: all of them. */
  readonly streamId: string | null;
  /** null: all of its time. */
  readonly cut: Cut | null;
  /** How much time this is: to - from, an hour, a programme's length; null where that is not known. */
  readonly spanMs: number | null;
  /** How much of it was looked at, and which share that is; null where that is not known. */
  readonly observedMs: number | null;
  readonly observedShare: number | null;
  readonly appearances: number;
  /** All brands' exposure added up: what shares of voice are shares of. */
  readonly exposureMs: number;
  /** Exposure of any brand, and its parts with one, two, three or more of them. */
  readonly screenMs: number;
  readonly simultaneousMs: readonly number[];
  readonly mediaValue: MediaValue | null;
  /** By label. */
  readonly brands: readonly BrandFigures[];
  /** Brands that were seen together, longest first; left empty for cuts. */
  readonly pairs: readonly Pair[];
}

export type ScopeOf = Pick<ExposureScope, 'streamId' | 'cut' | 'spanMs' | 'observedMs'>;

/** @param rated whether there is a rate card */
export function scopeOf(tally: ScopeTally, of: ScopeOf, rated: boolean): ExposureScope {
  const tallies = [...tally.brands].sort(([a], [b]) => (a < b ? -1 : 1));
  const totalMs = sum(tallies.map(([, t]) => t.exposureMs));
  const { spanMs, observedMs } = of;
  const values = tallies.map(([, t]) => t);
  return {
    streamId: of.streamId,
    cut: of.cut,
    spanMs,
    observedMs: observedMs === null ? null : toMicroseconds(observedMs),
    observedShare: observedMs === null || !spanMs ? null : Math.min(1, observedMs / spanMs),
    appearances: sum(values.map((t) => t.appearances)),
    exposureMs: toMicroseconds(totalMs),
    screenMs: toMicroseconds(sum(tally.togetherMs)),
    simultaneousMs: tally.togetherMs.map(toMicroseconds),
    mediaValue: rated ? mediaValue(values) : null,
    brands: tallies.map(([label, t]) => brandFigures(label, t, totalMs, rated)),
    pairs: pairsOf(tally),
  };
}

function brandFigures(label: string, t: BrandTally, totalMs: number, rated: boolean): BrandFigures {
  const mean = (weighted: number) => (t.exposureMs === 0 ? null : weighted / t.exposureMs);
  const [solusMs = 0, ...others] = t.togetherMs;
  const quality = mean(t.qualityMs);
  return {
    label,
    appearances: t.appearances,
    exposureMs: toMicroseconds(t.exposureMs),
    shareOfVoice: totalMs === 0 ? null : t.exposureMs / totalMs,
    solusMs: toMicroseconds(solusMs),
    sharedMs: toMicroseconds(sum(others)),
    simultaneousMs: t.togetherMs.map(toMicroseconds),
    bandsMs: t.bandsMs.map(toMicroseconds),
    positionMs: t.positionMs.map(toMicroseconds),
    areaMean: mean(t.areaMs),
    centrality: mean(t.centralityMs),
    clarity: mean(t.clarityMs),
    qualityIndex: quality === null ? null : 100 * quality,
    qualityMs: toMicroseconds(t.qualityMs),
    coverage: t.onScreenMs === 0 ? null : t.lookedAtMs / t.onScreenMs,
    mediaValue: rated ? mediaValue([t]) : null,
    first: new Date(t.firstMs).toISOString(),
    last: new Date(t.lastMs).toISOString(),
  };
}

const mediaValue = (tallies: readonly BrandTally[]): MediaValue => ({
  gross: toMicroseconds(sum(tallies.map((t) => t.gross))),
  qualityWeighted: toMicroseconds(sum(tallies.map((t) => t.qualityWeighted))),
  ratedMs: toMicroseconds(sum(tallies.map((t) => t.ratedMs))),
});

function pairsOf({ pairs }: ScopeTally): Pair[] {
  const all = [...pairs].flatMap(([a, row]) =>
    [...row].map(([b, ms]): Pair => ({ labels: [a, b], togetherMs: toMicroseconds(ms) })),
  );
  const key = ({ labels }: Pair) => JSON.stringify(labels);
  return all.sort((p, q) => q.togetherMs - p.togetherMs || (key(p) < key(q) ? -1 : 1));
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** What floating point adds to whole milliseconds is no exposure; likewise to a millionth of money. */
export const toMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;
