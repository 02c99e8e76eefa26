import { type Airing, type CutBy, type Cutter, cutterOf, type Part } from './cuts.js';
import type { ExposureFacts } from './facts.js';
import { type ExposureScope, scopeOf } from './figures.js';
import { lookOf } from './look.js';
import { type ObservedSpan, observedOf } from './observed.js';
import { type Price, type PriceAt, pricesOf, type RateCard } from './rates.js';
import type { ExposureSettings } from './settings.js';
import { type Mark, Sweep } from './sweep.js';
import { ScopeTally } from './tally.js';
import type { LocalTime } from './time-zone.js';
import { type Segment, segmentFrom } from './timeline.js';
import type { Window } from './window.js';

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

/** The figures of one stream, from its appearances in the order of their start. */
export class StreamAnalysis {
  readonly #streamId: string;
  readonly #question: Question;
  readonly #tally: ScopeTally;
  readonly #cuts: Cuts;
  readonly #sweep: Sweep;
  readonly #prices: PriceAt;
  #price: Price;

  constructor(streamId: string, question: Question) {
    const { local, by, schedule, rates, settings } = question;
    this.#streamId = streamId;
    this.#question = question;
    this.#tally = new ScopeTally(settings);
    this.#cuts = new Cuts(by && cutterOf(by, streamId, local, schedule), settings);
    this.#prices = pricesOf(rates, streamId, local);
    this.#price = this.#prices(0);
    this.#sweep = new Sweep({
      piece: (startMs, endMs, present) => this.#count(startMs, endMs, present),
      instant: (label, ms) => this.#countInstant(label, ms),
    });
  }

  /** @param startMs of the fact, milliseconds since the epoch */
  add(fact: ExposureFacts, startMs: number): void {
    this.#sweep.add(fact.label, segmentFrom(fact, startMs), lookOf(fact, this.#question.settings));
  }

  end(): StreamResult {
    this.#sweep.advance(Number.POSITIVE_INFINITY);
    const { window, rates } = this.#question;
    const streamId = this.#streamId;
    const observed = this.#question.observed && observedOf(this.#question.observed, streamId, window);
    if (observed !== undefined) this.#cuts.observe(observed);
    const isRated = rates !== undefined;
    const of = { streamId, cut: null, ...knownTime(window, observed) };
    const cuts = this.#cuts.all.map(({ part, tally, observedMs }) => {
      const described = this.#cuts.describe(part, window);
      return scopeOf(tally, { streamId, ...described, observedMs: observed ? observedMs : null }, isRated);
    });
    return { tally: this.#tally, scope: scopeOf(this.#tally, of, isRated), cuts };
  }

  /** In pieces of one price and one part of the time. */
  #count(fromMs: number, toMs: number, present: readonly Mark[]): void {
    const { window } = this.#question;
    const endMs = Math.min(toMs, window.toMs);
    for (let ms = Math.max(fromMs, window.fromMs); ms < endMs; ) {
      if (ms >= this.#price.endMs || ms < this.#price.startMs) this.#price = this.#prices(ms);
      const cut = this.#cuts.at(ms);
      const stop = Math.min(endMs, this.#price.endMs, cut?.part.endMs ?? endMs);
      const piece = { startMs: ms, endMs: stop, per30s: this.#price.per30s, present };
      this.#tally.add(piece, true);
      cut?.tally.add(piece, false);
      ms = stop;
    }
  }

  #countInstant(label: string, ms: number): void {
    const { fromMs, toMs } = this.#question.window;
    if (ms < fromMs || ms >= toMs) return;
    this.#tally.brand(label).addInstant(ms);
    this.#cuts.at(ms)?.tally.brand(label).addInstant(ms);
  }
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

  describe(part: Part, window: Window) {
    return this.#cutter!.describe(part, window);
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

  observe(spans: readonly Segment[]): void {
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

/** How long a stream's time is, and how much of it was looked at. */
function knownTime({ fromMs, toMs }: Window, observed: readonly Segment[] | undefined) {
  const asked = toMs - fromMs;
  const hull = observed?.length ? observed.at(-1)!.endMs - observed[0]!.startMs : null;
  const observedMs = observed?.reduce((sum, s) => sum + s.coverage * (s.endMs - s.startMs), 0) ?? null;
  return { spanMs: Number.isFinite(asked) ? asked : hull, observedMs };
}
