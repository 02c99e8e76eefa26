import type { Airing, CutBy } from './cuts.js';
import type { ExposureFacts } from './facts.js';
import { type ExposureScope, scopeOf } from './figures.js';
import type { ObservedSpan } from './observed.js';
import { type ExposureSettings, exposureSchema } from './settings.js';
import { type Question, StreamAnalysis } from './stream.js';
import { inOrder } from './sweep.js';
import { ScopeTally } from './tally.js';
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
  const { from, to, by, schedule = [], observed } = options;
  const { rates, ...settings } = options.settings ?? exposureSchema.parse({});
  const local = localTimeOf(options.timeZone);
  const window = windowOf(from, to, local);
  const question: Question = { window, local, by, schedule, rates, settings, observed };
  const streams = new Map<string, StreamAnalysis>();
  const stream = (streamId: string): StreamAnalysis => {
    const known = streams.get(streamId);
    if (known !== undefined) return known;
    const fresh = new StreamAnalysis(streamId, question);
    streams.set(streamId, fresh);
    return fresh;
  };
  const list = Array.isArray(facts) ? (facts as readonly ExposureFacts[]) : [...facts];
  inOrder(list, window, (fact, startMs) => stream(fact.streamId).add(fact, startMs));
  for (const { streamId } of observed ?? []) stream(streamId);
  const results = [...streams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, s]) => s.end());
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

/** null where there is nothing, or one of them is not known. */
function total(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, v) => (sum === null || v === null ? null : sum + v), 0);
}
