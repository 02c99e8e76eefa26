import type { Appearance } from '../core/appearance.js';
import type { BroadcastTruth, TruthSpan } from './truth.js';

/** Seconds of the broadcast. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What the run itself measured. */
export interface WatchStats {
  /** Frames that went through the detector. */
  readonly frames: number;
  /** Wall-clock seconds of watching. */
  readonly seconds: number;
  readonly dropped: number;
  /** From a frame's arrival to the end of its detection; null without frames. */
  readonly ageP50Ms: number | null;
  readonly ageP95Ms: number | null;
}

export interface CompareOptions {
  /** Where a media time of an appearance lies in the broadcast; see byMediaTime and byWallClock. */
  readonly toBroadcastTime: (appearance: Appearance, edge: 'start' | 'end') => number;
  /** The part of the broadcast that was watched; truth outside it counts neither way. Default: all of it. */
  readonly watched?: Span;
}

/** The session's first frame lies `offsetS` seconds into the broadcast. */
export function byMediaTime(offsetS = 0): CompareOptions['toBroadcastTime'] {
  return (a, edge) => (edge === 'start' ? a.startPtsMs : a.endPtsMs) / 1000 + offsetS;
}

/** The broadcast's first frame was published at this wall time, on the clock that the session reads. */
export function byWallClock(startedAtMs: number): CompareOptions['toBroadcastTime'] {
  return (a, edge) => (Date.parse(edge === 'start' ? a.startTime : a.endTime) - startedAtMs) / 1000;
}

export interface FoundSpan extends Span {
  readonly id: string;
  readonly label: string;
  /** Seconds in which the logo was really seen. */
  readonly exposure: number;
  readonly score: number;
  /** When the first event of it was due: broadcast time of the frame that opened it. */
  readonly openedAt: number | null;
}

export interface Row {
  readonly truth: TruthSpan;
  /** Appearances of the label that overlap it and belong to no other truth more; more than one: it was split. */
  readonly found: readonly FoundSpan[];
  /** Temporal intersection over union of the truth and what was found, 0..1. */
  readonly iou: number;
  /** Seconds from the truth's start to the frame that opened the first appearance; null when missed. */
  readonly onsetLatency: number | null;
}

export interface FalseAppearance {
  readonly found: FoundSpan;
  /** `flash`: a single frame of the brand was reported. */
  readonly reason: 'flash' | 'nothing-there';
}

export interface BrandExposure {
  readonly label: string;
  readonly truth: number;
  readonly found: number;
}

export interface Comparison {
  readonly truth: BroadcastTruth;
  readonly rows: readonly Row[];
  readonly falseAppearances: readonly FalseAppearance[];
  readonly exposure: readonly BrandExposure[];
  readonly missed: number;
  readonly split: number;
  readonly flashes: number;
  readonly flashesReported: number;
  /** Median over the truths that were found, seconds. */
  readonly onsetLatencyMedian: number | null;
  /** |sum found - sum truth| / sum truth over all brands. */
  readonly exposureError: number | null;
  readonly stats: WatchStats;
}

/** An appearance this close to a flash of its brand, in seconds, reports it. */
const FLASH_REACH = 0.5;
/** What is left of a truth at the edge of the watched part and is shorter does not count. */
const TRUTH_MIN = 0.2;

/** Holds the truth against the events of a run (all revisions, or the last ones). */
export function compareWithTruth(
  truth: BroadcastTruth,
  appearances: readonly Appearance[],
  stats: WatchStats,
  options: CompareOptions = { toBroadcastTime: byMediaTime() },
): Comparison {
  const watched = options.watched ?? { start: 0, end: truth.duration };
  const spans = clip(truth.spans, watched);
  const found = foundSpans(appearances, options.toBroadcastTime);
  const byTruth = new Map<TruthSpan, FoundSpan[]>(spans.map((s) => [s, []]));
  const falseAppearances: FalseAppearance[] = [];
  for (const f of found) {
    const candidates = spans.filter((s) => s.label === f.label && overlap(s, f) > 0);
    const best = candidates.toSorted((a, b) => overlap(b, f) - overlap(a, f))[0];
    if (best !== undefined) byTruth.get(best)?.push(f);
    else falseAppearances.push({ found: f, reason: isFlash(f, truth.flashes) ? 'flash' : 'nothing-there' });
  }
  const rows = spans.map((span) => makeRow(span, byTruth.get(span) ?? []));
  const exposure = exposures(spans, found);
  const latencies = rows.flatMap((r) => (r.onsetLatency === null ? [] : [r.onsetLatency]));
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const truthTotal = sum(exposure.map((e) => e.truth));
  return {
    truth,
    rows,
    falseAppearances,
    exposure,
    missed: rows.filter((r) => r.found.length === 0).length,
    split: sum(rows.map((r) => Math.max(0, r.found.length - 1))),
    flashes: truth.flashes.filter((f) => f.start >= watched.start && f.start < watched.end).length,
    flashesReported: falseAppearances.filter((f) => f.reason === 'flash').length,
    onsetLatencyMedian: median(latencies),
    exposureError:
      truthTotal === 0 ? null : Math.abs(sum(exposure.map((e) => e.found)) - truthTotal) / truthTotal,
    stats,
  };
}

function clip(spans: readonly TruthSpan[], watched: Span): TruthSpan[] {
  return spans
    .map((s) => ({ ...s, start: Math.max(s.start, watched.start), end: Math.min(s.end, watched.end) }))
    .filter((s) => s.end - s.start >= TRUTH_MIN)
    .toSorted((a, b) => a.start - b.start || a.label.localeCompare(b.label));
}

/** The last revision of each id, and from its first one when it opened. */
function foundSpans(events: readonly Appearance[], at: CompareOptions['toBroadcastTime']): FoundSpan[] {
  const last = new Map<string, Appearance>();
  const openedAt = new Map<string, number>();
  for (const event of events) {
    const known = last.get(event.id);
    if (known === undefined || event.revision >= known.revision) last.set(event.id, event);
    if (event.state === 'started') openedAt.set(event.id, at(event, 'end'));
  }
  const spans = [...last.values()].map((a) => ({
    id: a.id,
    label: a.label,
    start: at(a, 'start'),
    end: at(a, 'end'),
    exposure: a.exposureMs / 1000,
    score: a.score,
    openedAt: openedAt.get(a.id) ?? null,
  }));
  return spans.toSorted((a, b) => a.start - b.start);
}

function makeRow(truth: TruthSpan, found: readonly FoundSpan[]): Row {
  const first = found[0];
  if (first === undefined) return { truth, found, iou: 0, onsetLatency: null };
  const opened = first.openedAt ?? first.start;
  return { truth, found, iou: temporalIou(truth, found), onsetLatency: opened - truth.start };
}

/** The found spans taken together. */
function temporalIou(truth: Span, found: readonly Span[]): number {
  const merged = mergedLength(found);
  const inside = mergedLength(
    found
      .map((f) => ({ start: Math.max(f.start, truth.start), end: Math.min(f.end, truth.end) }))
      .filter((f) => f.end > f.start),
  );
  const union = truth.end - truth.start + merged - inside;
  return union <= 0 ? 0 : inside / union;
}

/** Seconds covered by at least one of the spans. */
function mergedLength(spans: readonly Span[]): number {
  let covered = 0;
  let upTo = Number.NEGATIVE_INFINITY;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    covered += Math.max(0, end - Math.max(start, upTo));
    upTo = Math.max(upTo, end);
  }
  return covered;
}

function exposures(spans: readonly TruthSpan[], found: readonly FoundSpan[]): BrandExposure[] {
  const labels = [...new Set([...spans, ...found].map((s) => s.label))].sort();
  return labels.map((label) => ({
    label,
    truth: mergedLength(spans.filter((s) => s.label === label)),
    found: found.filter((f) => f.label === label).reduce((sum, f) => sum + f.exposure, 0),
  }));
}

function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
}

function isFlash(f: FoundSpan, flashes: readonly TruthSpan[]): boolean {
  return flashes.some(
    (s) => s.label === f.label && s.start < f.end + FLASH_REACH && s.end > f.start - FLASH_REACH,
  );
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
