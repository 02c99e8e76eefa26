import type { FactRows } from '../core/fact-rows.js';
import type { Airing, CutBy } from './cuts.js';
import type { ExposureFacts } from './facts.js';
import { type ExposureScope, scopeOf } from './figures.js';
import type { ObservedSpan } from './observed.js';
import { inOrder, rowsOf } from './rows.js';
import { type ExposureSettings, exposureSchema } from './settings.js';
import { type Question, StreamAnalysis } from './stream.js';
import { type Piece, ScopeTally } from './tally.js';
import { localTimeOf } from './time-zone.js';
import { windowOf } from './window.js';

export interface ExposureOptions {
  /** ISO 8601, in the time zone where it names no offset; what is outside of from (inclusive) and to (exclusive) does not count. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** IANA name, whose hours and days are meant; default: UTC. */
  readonly timeZone?: string | undefined;
  /** Figures for each part of a stream's time, beside those of the whole. */
  readonly by?: CutBy | undefined;
  /** For `by: 'programme'`. */
  readonly schedule?: readonly Airing[] | undefined;
  /** `exposure` of the config, as `exposureSchema` parses it, rate card included; default: what it has by default. */
  readonly settings?: ExposureSettings | undefined;
  /** When streams were looked at, where that is known; events do not tell. */
  readonly observed?: readonly ObservedSpan[] | undefined;
}

/** Plain data: what JSON.stringify makes of it is all of it. docs/exposure.md has the formulas. */
export interface ExposureAnalysis {
  readonly version: 1;
  /** ISO 8601, UTC; null: no bound was given. */
  readonly from: string | null;
  readonly to: string | null;
  readonly timeZone: string;
  readonly by: CutBy | null;
  /** ISO 4217; null: there is no rate card. */
  readonly currency: string | null;
  /** What was counted with. */
  readonly settings: Omit<ExposureSettings, 'rates'>;
  /** All streams together. */
  readonly all: ExposureScope;
  /** By stream. */
  readonly streams: readonly ExposureScope[];
  /** Parts of streams in which a brand was seen, by stream, then time; empty without `by`. */
  readonly cuts: readonly ExposureScope[];
}

/**
 * How long, how large, how well and next to whom each brand was seen. Pure: the same facts give the same, in whatever
 * order they come.
 * @param facts one revision of each id: the last
 * Errors: usage (a time, a time zone, the schedule).
 */
export function exposureAnalysis(
  facts: Iterable<ExposureFacts>,
  options: ExposureOptions = {},
): ExposureAnalysis {
  const count = new ExposureCount(options);
  count.add(rowsOf(Array.isArray(facts) ? (facts as readonly ExposureFacts[]) : [...facts]));
  return count.end();
}

/** The same of appearances that come a slice of time after another: no more is kept than what is on screen. */
export class ExposureCount {
  readonly #options: ExposureOptions;
  readonly #question: Question;
  readonly #streams = new Map<string, StreamAnalysis>();

  /**
   * @param onPiece is shown every piece of every stream's time, within `from` and `to`; none is to be kept
   * Errors: as of exposureAnalysis.
   */
  constructor(options: ExposureOptions, onPiece?: (piece: Readonly<Piece>) => void) {
    const { from, to, by, schedule = [], observed } = options;
    const { rates, ...settings } = options.settings ?? exposureSchema.parse({});
    const local = localTimeOf(options.timeZone);
    const window = windowOf(from, to, local);
    this.#options = options;
    this.#question = { window, local, by, schedule, rates, settings, observed, onPiece };
    for (const { streamId } of observed ?? []) this.#stream(streamId);
  }

  /** @param rows in any order; none begins before one that was added before */
  add(rows: FactRows): void {
    // Looked up once for each brand that there is, since names can be many and rows far more.
    const streams = new Array<StreamAnalysis | undefined>(rows.brands.length).fill(undefined);
    const numbers = new Uint32Array(rows.brands.length);
    for (const row of inOrder(rows, this.#question.window)) {
      const index = rows.brand[row]!;
      const { streamId, label } = rows.brands[index]!;
      let stream = streams[index];
      if (stream === undefined) {
        stream = this.#stream(streamId);
        streams[index] = stream;
        numbers[index] = stream.brandOf(label);
      }
      stream.add(label, numbers[index]!, rows.values, row);
    }
  }

  /** Once, after all have been added. */
  end(): ExposureAnalysis {
    const { window, local, rates, settings } = this.#question;
    const { from, to, by } = this.#options;
    const results = [...this.#streams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, s]) => s.end());
    const all = new ScopeTally(settings);
    for (const { tally } of results) all.merge(tally);
    const spanMs = total(results.map(({ scope }) => scope.spanMs));
    const observedMs = total(results.map(({ scope }) => scope.observedMs));
    return {
      version: 1,
      from: from === undefined ? null : new Date(window.fromMs).toISOString(),
      to: to === undefined ? null : new Date(window.toMs).toISOString(),
      timeZone: local.timeZone,
      by: by ?? null,
      currency: rates?.currency ?? null,
      settings,
      all: scopeOf(all, { streamId: null, cut: null, spanMs, observedMs }, rates !== undefined),
      streams: results.map(({ scope }) => scope),
      cuts: results.flatMap(({ cuts }) => cuts),
    };
  }

  #stream(streamId: string): StreamAnalysis {
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      stream = new StreamAnalysis(streamId, this.#question);
      this.#streams.set(streamId, stream);
    }
    return stream;
  }
}

/** null where there is nothing, or one of them is not known. */
function total(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, v) => (sum === null || v === null ? null : sum + v), 0);
}
