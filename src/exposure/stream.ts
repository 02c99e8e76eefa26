import { type Airing, type CutBy, type Cutter, cutterOf, type Part } from './cuts.js';
import type { ExposureFacts } from './facts.js';
import { type ExposureScope, scopeOf } from './figures.js';
import { lookOf } from './look.js';
import { type Observed, type ObservedSpan, observedOf } from './observed.js';
import { type Price, pricesOf, type RateCard } from './rates.js';
import type { ExposureSettings } from './settings.js';
import { sweep } from './sweep.js';
import { type Present, ScopeTally } from './tally.js';
import type { LocalTime } from './time-zone.js';
import { type Segment, type Timeline, timelineOf } from './timeline.js';
import { clipSpan, type Window } from './window.js';

/** What is asked of every stream. */
export interface Question {
  readonly window: Window;
  readonly local: LocalTime;
  readonly by: CutBy | undefined;
  readonly schedule: readonly Airing[];
  readonly rates: RateCard | undefined;
  readonly settings: ExposureSettings;
  readonly observed: readonly ObservedSpan[] | undefined;
}

export interface StreamResult {
  /** For what is summed over streams. */
  readonly tally: ScopeTally;
  readonly scope: ExposureScope;
  readonly cuts: readonly ExposureScope[];
}

interface CutTally {
  readonly part: Part;
  readonly tally: ScopeTally;
  observedMs: number;
}

/** @param byLabel appearances of one stream, by brand */
export function analyseStream(
  streamId: string,
  byLabel: ReadonlyMap<string, readonly ExposureFacts[]>,
  question: Question,
): StreamResult {
  const { window, local, by, schedule, settings } = question;
  const cutter = by && cutterOf(by, streamId, local, schedule);
  const cuts = new Cuts(cutter, settings);
  const tally = new ScopeTally(settings);
  const lines = [...byLabel.values()].map((facts) => clipped(timelineOf(facts), window));
  countTime(lines, streamId, question, tally, cuts);
  for (const { label, instants } of lines)
    for (const ms of instants) {
      tally.brand(label).addInstant(ms);
      cuts.at(ms)?.tally.brand(label).addInstant(ms);
    }
  const observed = question.observed && observedOf(question.observed, streamId, window);
  if (observed !== undefined) cuts.observe(observed);
  const rated = question.rates !== undefined;
  const scope = scopeOf(tally, { streamId, cut: null, ...knownTime(window, observed) }, rated);
  const parts = cuts.all.map(({ part, tally: own, observedMs }) => {
    const of = cutter!.describe(part, window);
    return scopeOf(own, { streamId, ...of, observedMs: observed ? observedMs : null }, rated);
  });
  return { tally, scope, cuts: parts };
}

function countTime(
  lines: readonly Timeline[],
  streamId: string,
  { local, rates, settings }: Question,
  tally: ScopeTally,
  cuts: Cuts,
): void {
  const prices = pricesOf(rates, streamId, local);
  let price: Price = prices(0);
  const open = (segment: Segment): Present => ({ segment, look: lookOf(segment.fact, settings) });
  sweep(lines, open, (startMs, endMs, present) => {
    for (let ms = startMs; ms < endMs; ) {
      if (ms >= price.endMs || ms < price.startMs) price = prices(ms);
      const cut = cuts.at(ms);
      const stop = Math.min(endMs, price.endMs, cut?.part.endMs ?? endMs);
      const piece = { startMs: ms, endMs: stop, per30s: price.per30s, present };
      tally.add(piece, true);
      cut?.tally.add(piece, false);
      ms = stop;
    }
  });
}

/** The parts of a stream's time that have figures, in order. */
class Cuts {
  readonly #tallies = new Map<string | null, CutTally>();
  readonly #cutter: Cutter | undefined;
  readonly #settings: ExposureSettings;
  #part: Part | undefined;

  constructor(cutter: Cutter | undefined, settings: ExposureSettings) {
    this.#cutter = cutter;
    this.#settings = settings;
  }

  get all(): CutTally[] {
    return [...this.#tallies.values()].sort((a, b) => a.part.startMs - b.part.startMs);
  }

  /** The one that a moment lies in; `part` of it is the piece that holds the moment. Undefined: nothing is cut. */
  at(ms: number): CutTally | undefined {
    if (this.#cutter === undefined) return undefined;
    const part = this.#partAt(ms);
    const known = this.#tallies.get(part.key);
    if (known !== undefined) return known.part === part ? known : { ...known, part };
    const fresh = { part, tally: new ScopeTally(this.#settings), observedMs: 0 };
    this.#tallies.set(part.key, fresh);
    return fresh;
  }

  observe(spans: readonly Observed[]): void {
    if (this.#cutter === undefined) return;
    for (const { startMs, endMs, coverage } of spans)
      for (let ms = startMs; ms < endMs; ) {
        const part = this.#partAt(ms);
        const stop = Math.min(endMs, part.endMs);
        const known = this.#tallies.get(part.key);
        if (known !== undefined) known.observedMs += coverage * (stop - ms);
        ms = stop;
      }
  }

  #partAt(ms: number): Part {
    if (this.#part === undefined || ms < this.#part.startMs || ms >= this.#part.endMs)
      this.#part = this.#cutter!.partAt(ms);
    return this.#part;
  }
}

function clipped(line: Timeline, window: Window): Timeline {
  if (line.firstMs >= window.fromMs && line.lastMs < window.toMs) return line;
  return {
    ...line,
    segments: line.segments.flatMap((s) => clipSpan(s, window) ?? []),
    instants: line.instants.filter((ms) => ms >= window.fromMs && ms < window.toMs),
  };
}

/** How long a stream's time is, and how much of it was looked at. */
function knownTime({ fromMs, toMs }: Window, observed: readonly Observed[] | undefined) {
  const asked = toMs - fromMs;
  const hull = observed?.length ? observed.at(-1)!.endMs - observed[0]!.startMs : null;
  const observedMs = observed?.reduce((sum, s) => sum + s.coverage * (s.endMs - s.startMs), 0) ?? null;
  return { spanMs: Number.isFinite(asked) ? asked : hull, observedMs };
}
