import { poissonInterval, poissonUpper } from '../statistics/poisson.js';
import {
  type EventSpan,
  type FoundSpan,
  joinFound,
  joinTruth,
  mergeSpans,
  overlapSeconds,
  temporalIou,
} from './spans.js';

const TIOU_MIN = 0.5;
/** Truths and appearances of one brand this close to each other are one, seconds. */
export const MERGE_GAP_S = 1;

/** A video that was watched: its truth and what was found. */
export interface WatchedVideo {
  /** Seconds. */
  readonly duration: number;
  readonly truth: readonly EventSpan[];
  readonly found: readonly FoundSpan[];
}

export interface EventMetrics {
  readonly hours: number;
  readonly truth: number;
  readonly found: number;
  /** Truths matched one to one by an appearance of their brand at a temporal IoU of 0.5 or more. */
  readonly hits: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Appearances that overlap no truth of their brand. */
  readonly falseAppearances: number;
  readonly falsePerHour: number;
  /** Exact two-sided 95 % interval of the rate. */
  readonly falsePerHourInterval: readonly [low: number, high: number];
  /** Exact one-sided 95 % upper bound: 3 / hours where nothing false was seen. */
  readonly falsePerHourUpper: number;
  /** From a hit's true start to its first event; null without hits. Seconds. */
  readonly onsetLatencyMedian: number | null;
  readonly onsetLatencyP95: number | null;
  /** |dated start - true start| of the hits, median, seconds. */
  readonly startErrorMedian: number | null;
  /** Sum over brands of |found seconds - true seconds|, over all true seconds; null without truth. */
  readonly exposureError: number | null;
  /** |all found seconds - all true seconds| over all true seconds: brands may make up for each other. */
  readonly exposureErrorOverall: number | null;
  /** Truths without a hit that something of their brand overlaps: cut short, or split. */
  readonly partial: number;
}

interface Matched {
  readonly truth: EventSpan;
  readonly found: FoundSpan;
}

/** Several videos are taken together: counts and seconds are added up before any ratio. */
export function eventMetrics(videos: readonly WatchedVideo[], mergeGapS = MERGE_GAP_S): EventMetrics {
  const hits: Matched[] = [];
  const seconds = new Map<string, { truth: number; found: number }>();
  let [truthCount, foundCount, falseAppearances, partial] = [0, 0, 0, 0];
  for (const video of videos) {
    const truth = mergeSpans(video.truth, mergeGapS, joinTruth);
    const found = mergeSpans(video.found, mergeGapS, joinFound);
    for (const label of new Set([...truth.keys(), ...found.keys()])) {
      const [t, f] = [truth.get(label) ?? [], found.get(label) ?? []];
      truthCount += t.length;
      foundCount += f.length;
      const matched = match(t, f);
      hits.push(...matched);
      falseAppearances += f.filter((s) => t.every((other) => overlapSeconds(s, other) <= 0)).length;
      const missed = t.filter((s) => !matched.some((m) => m.truth === s));
      partial += missed.filter((s) => f.some((other) => overlapSeconds(s, other) > 0)).length;
      const sums = seconds.get(label) ?? { truth: 0, found: 0 };
      seconds.set(label, { truth: sums.truth + length(t), found: sums.found + length(f) });
    }
  }
  const hours = videos.reduce((sum, v) => sum + v.duration, 0) / 3600;
  const precision = foundCount === 0 ? 1 : hits.length / foundCount;
  const recall = truthCount === 0 ? 1 : hits.length / truthCount;
  const latencies = hits.map((m) => m.found.reportedAt - m.truth.start);
  const startErrors = hits.map((m) => Math.abs(m.found.start - m.truth.start));
  const [low, high] = poissonInterval(falseAppearances);
  return {
    hours,
    truth: truthCount,
    found: foundCount,
    hits: hits.length,
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    falseAppearances,
    falsePerHour: falseAppearances / hours,
    falsePerHourInterval: [low / hours, high / hours],
    falsePerHourUpper: poissonUpper(falseAppearances) / hours,
    onsetLatencyMedian: quantile(latencies, 0.5),
    onsetLatencyP95: quantile(latencies, 0.95),
    startErrorMedian: quantile(startErrors, 0.5),
    ...exposureErrors([...seconds.values()]),
    partial,
  };
}

/** Each truth in the order of time takes the appearance it overlaps most, if that is enough. */
function match(truth: readonly EventSpan[], found: readonly FoundSpan[]): Matched[] {
  const left = [...found];
  const hits: Matched[] = [];
  for (const span of truth) {
    let best: FoundSpan | undefined;
    for (const other of left) {
      if (best === undefined || overlapSeconds(span, other) > overlapSeconds(span, best)) best = other;
    }
    if (best === undefined || temporalIou(span, best) < TIOU_MIN) continue;
    hits.push({ truth: span, found: best });
    left.splice(left.indexOf(best), 1);
  }
  return hits;
}

function exposureErrors(
  brands: readonly { truth: number; found: number }[],
): Pick<EventMetrics, 'exposureError' | 'exposureErrorOverall'> {
  const truth = brands.reduce((sum, b) => sum + b.truth, 0);
  if (truth === 0) return { exposureError: null, exposureErrorOverall: null };
  const found = brands.reduce((sum, b) => sum + b.found, 0);
  const apart = brands.reduce((sum, b) => sum + Math.abs(b.found - b.truth), 0);
  return { exposureError: apart / truth, exposureErrorOverall: Math.abs(found - truth) / truth };
}

const length = (spans: readonly EventSpan[]): number => spans.reduce((sum, s) => sum + s.end - s.start, 0);

/** The least value that a share `q` of the values do not exceed; null without values. */
function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}
