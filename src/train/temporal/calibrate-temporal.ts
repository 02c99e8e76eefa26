import type { DetectionRecord, FrameDetections } from '../../core/detection.js';
import { LogowatchError } from '../../core/errors.js';
import type { BrandOnset, TemporalCalibration } from '../../infer/model/temporal.js';
import { SMOOTHING_DEFAULTS, type SmoothingParameters } from '../../infer/smooth/parameters.js';
import { tailRate } from '../../infer/smooth/tail.js';
import { Rng } from '../rng.js';
import { poissonUpper } from '../statistics/poisson.js';
import { blockLength, inBlocks, peaksOf } from './blocks.js';
import { type ChosenOnset, chooseOnset, type DriftCandidate } from './choose.js';
import { evidenceSeries } from './series.js';
import { fitTails } from './tails.js';

export interface CalibrateTemporalOptions {
  /** Detections of logo-free video, each stream in order; see `scanDetections` and `silentDetections`. */
  readonly records: readonly DetectionRecord[];
  readonly labels: readonly string[];
  /** Wanted false appearances an hour of one stream, all brands together. */
  readonly falsePerHour: number;
  readonly footage: TemporalCalibration['footage'];
  readonly smoothing?: Partial<SmoothingParameters>;
  /** Evidence of the brand's logos in a frame, nats: what an onset should be quick for. One level or more a label. */
  readonly logoLevels: (label: string) => readonly number[];
  /** ISO 8601 */
  readonly createdAt: string;
}

/** A stretch of the footage in which the evidence for a brand rose: to be looked at, for it may show the brand. */
export interface Rise {
  readonly label: string;
  /** The sum that was reached, without drift; nats. */
  readonly llr: number;
  readonly streamId: string;
  /** Media time in its session. */
  readonly ptsMs: number;
}

export interface CalibratedTemporal {
  readonly temporal: TemporalCalibration;
  /** The highest rises, highest first. */
  readonly rises: readonly Rise[];
}

/** Levels that are tried for the drift, nats; 0: every frame that speaks for the brand counts in full. */
const DRIFTS = Array.from({ length: 11 }, (_, i) => i / 2);
const RESAMPLES = 200;
const CONFIDENCE = 0.95;
const RISES_TOLD = 10;

/**
 * The onset test for a wanted rate of false appearances, from what the model itself did on logo-free video: each
 * brand's threshold is the level that its evidence passes as often as its share of the rate allows. Beyond the data
 * the fitted tail is what it rests on; `provedPerHour` says what the footage proves without it.
 */
export function calibrateTemporal(options: CalibrateTemporalOptions): CalibratedTemporal {
  const { labels, falsePerHour } = options;
  // Streams that ran side by side are taken one after the other: their times have nothing to do with each other.
  const records = options.records.toSorted((a, b) =>
    a.streamId < b.streamId ? -1 : a.streamId > b.streamId ? 1 : 0,
  );
  const frames = records.filter((r) => r.kind === 'detections');
  if (frames.length < 2)
    throw new LogowatchError('usage', 'Nothing was watched that a threshold could come from', {
      value: `${frames.length} frames`,
      remedy: 'Name more logo-free video, or let it run for longer',
    });
  const intervalMs = medianIntervalMs(frames);
  const smoothing: SmoothingParameters = {
    ...SMOOTHING_DEFAULTS,
    decorrelationMs: intervalMs,
    intervalMs,
    ...options.smoothing,
  };
  const candidates = DRIFTS.map((driftLlr) => candidateOf(records, labels, smoothing, driftLlr));
  const chosen = chooseOnset(candidates, {
    labels,
    perHour: falsePerHour / labels.length,
    levels: options.logoLevels,
    smoothing,
  });
  return {
    temporal: describe(options, chosen, frames.length, smoothing),
    rises: risesOf(candidates[0]!, frames),
  };
}

function describe(
  { labels, falsePerHour, createdAt, footage }: CalibrateTemporalOptions,
  { candidate, thresholds }: ChosenOnset,
  frames: number,
  smoothing: SmoothingParameters,
): TemporalCalibration {
  const { hours, blockS, correlationS, driftLlr, tails, rises } = candidate;
  const openings = rises.filter(({ label, peak }) => peak >= thresholds.get(label)!).length;
  return {
    falsePerHour,
    createdAt,
    footage,
    hours,
    frames,
    intervalMs: smoothing.intervalMs,
    correlationS,
    blockS,
    blocks: Math.ceil((hours * 3600) / blockS),
    peaks: rises.length,
    expectedPerHour: expected(tails, thresholds),
    expectedPerHourInterval: interval(candidate, thresholds, smoothing),
    openings,
    provedPerHour: poissonUpper(openings, CONFIDENCE) / hours,
    brands: labels.map((label): BrandOnset => {
      const tail = tails.get(label)!;
      const peaks = rises.filter((r) => r.label === label && r.peak > tail.from).length;
      return { label, driftLlr, thresholdLlr: thresholds.get(label)!, tail, peaks };
    }),
  };
}

function risesOf(candidate: DriftCandidate, frames: readonly FrameDetections[]): Rise[] {
  return candidate.rises.slice(0, RISES_TOLD).map(({ label, peak, frame }) => {
    const { streamId, ptsUs } = frames[frame]!;
    return { label, llr: peak, streamId, ptsMs: Math.round(ptsUs / 1000) };
  });
}

/** What the footage did under one drift. */
function candidateOf(
  records: readonly DetectionRecord[],
  labels: readonly string[],
  smoothing: SmoothingParameters,
  driftLlr: number,
): DriftCandidate {
  const onset = Object.fromEntries(
    labels.map((label) => [label, { driftLlr, thresholdLlr: Number.POSITIVE_INFINITY }]),
  );
  const series = evidenceSeries(records, labels, { ...smoothing, onset });
  const { blockS, correlationS } = blockLength(series);
  const hours = series.observedUs / 3.6e9;
  const found = labels.map((label) => ({
    label,
    own: peaksOf(series.ptsUs, series.sums.get(label)!, smoothing.gapMs * 1000),
  }));
  const peaks = new Map(found.map(({ label, own }) => [label, inBlocks(own, blockS, series.observedUs)]));
  const rises = found
    .flatMap(({ label, own }) => own.map((peak) => ({ ...peak, label })))
    .sort((a, b) => b.peak - a.peak);
  const tails = fitTails(peaks, hours, smoothing.llrClip);
  return { driftLlr, hours, blockS, correlationS, peaks, rises, tails };
}

/** False appearances an hour of all brands. */
function expected(tails: DriftCandidate['tails'], thresholds: ChosenOnset['thresholds']): number {
  return [...thresholds].reduce((sum, [label, threshold]) => sum + tailRate(tails.get(label)!, threshold), 0);
}

/** Percentiles of the expected rate over resampled blocks: thresholds stay, tails are fitted anew. */
function interval(
  { peaks, hours }: DriftCandidate,
  thresholds: ChosenOnset['thresholds'],
  { llrClip }: SmoothingParameters,
): readonly [low: number, high: number] {
  const rng = new Rng(0xb10c);
  const count = peaks.values().next().value?.length ?? 0;
  const rates = Array.from({ length: RESAMPLES }, () => {
    const drawn = Array.from({ length: count }, () => rng.below(count));
    const again = new Map([...peaks].map(([label, blocks]) => [label, drawn.map((i) => blocks[i]!)]));
    return expected(fitTails(again, hours, llrClip), thresholds);
  }).sort((a, b) => a - b);
  const at = (q: number) => rates[Math.min(rates.length - 1, Math.floor(q * rates.length))]!;
  return [at((1 - CONFIDENCE) / 2), at((1 + CONFIDENCE) / 2)];
}

function medianIntervalMs(frames: readonly FrameDetections[]): number {
  const intervals: number[] = [];
  for (let i = 1; i < frames.length; i++) {
    const [before, frame] = [frames[i - 1]!, frames[i]!];
    if (frame.session !== before.session || frame.seq !== before.seq + 1) continue;
    intervals.push((frame.ptsUs - before.ptsUs) / 1000);
  }
  intervals.sort((a, b) => a - b);
  return Math.round(intervals[intervals.length >> 1] ?? SMOOTHING_DEFAULTS.intervalMs);
}
