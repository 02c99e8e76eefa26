import type { Appearance, AppearanceState } from '../core/appearance.js';

export const VERDICTS = ['right', 'wrong', 'unsure'] as const;

/** What a person said of an appearance. */
export type Judgement = (typeof VERDICTS)[number];

export interface Verdict {
  readonly appearanceId: string;
  readonly verdict: Judgement;
  /** Who said so. */
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly note: string | null;
}

/** Whatever is left out does not narrow the choice. Times are ISO 8601. */
export interface Selection {
  readonly streams?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  /** What was on screen at `from` or later ... */
  readonly from?: string | undefined;
  /** ... and began before `to`. */
  readonly to?: string | undefined;
}

export interface AppearanceQuery extends Selection {
  readonly states?: readonly AppearanceState[] | undefined;
  /** `none`: those that nobody has judged. */
  readonly verdicts?: readonly (Judgement | 'none')[] | undefined;
  /** Of the newest ones so many, 1 to 1000; default 50. */
  readonly limit?: number | undefined;
  /** Where the page before ended. */
  readonly cursor?: string | undefined;
}

/** The last revision of an appearance, and what was said of it. */
export interface StoredAppearance extends Appearance {
  readonly verdict: Verdict | null;
}

export interface AppearancePage {
  /** Newest start first. */
  readonly appearances: readonly StoredAppearance[];
  /** For the next page; null after the last. */
  readonly cursor: string | null;
}

/** An appearance as far as it is kept in columns: all that exposure may count. */
export type AppearanceFacts = Omit<Appearance, 'box' | 'firstBox'>;

/** A brand on a stream: when its appearances were there, and how much of each was seen. */
export interface BrandSpans {
  readonly streamId: string;
  readonly label: string;
  /** In no order. */
  readonly spans: readonly Span[];
}

export interface Span {
  /** Milliseconds since the Unix epoch; the length is media time. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of this time it was seen so much, 0..1. */
  readonly share: number;
  readonly coverage: number;
}

/** A stream or a brand that the store knows. */
export interface Seen {
  readonly name: string;
  readonly appearances: number;
  /** Start of the first and of the last appearance, ISO 8601, UTC. */
  readonly first: string;
  readonly last: string;
}

export interface Erased {
  readonly appearances: number;
  readonly verdicts: number;
}

/**
 * The last revision of every appearance, in a database. All of it may be called side by side. Throws StoreError: a failure that
 * is `transient` may pass, and every call may be repeated after it.
 */
export interface Store {
  /** Where it is, without secrets. */
  readonly location: string;
  /**
   * All or nothing; an event counts where its revision is higher than what is there, so that doubled and late ones change
   * nothing. Resolves with the number of appearances that changed, once they are safe.
   */
  upsert(events: readonly Appearance[]): Promise<number>;
  appearances(query?: AppearanceQuery): Promise<AppearancePage>;
  appearance(id: string): Promise<StoredAppearance | undefined>;
  /** By start, in batches; what is written meanwhile may be in it or not. */
  facts(selection?: Selection): AsyncIterable<readonly AppearanceFacts[]>;
  /**
   * The little that seconds on screen need, a month at a time: a brand comes once for each month in which appearances of it began. Ten
   * times as fast as `facts`.
   */
  spans(selection?: Selection): AsyncIterable<readonly BrandSpans[]>;
  /** By name. */
  streams(): Promise<readonly Seen[]>;
  /** By name. */
  brands(): Promise<readonly Seen[]>;
  /** The last word counts. False where there is no such appearance. */
  judge(verdict: Verdict): Promise<boolean>;
  /** Takes a verdict back. False where there was none. */
  unjudge(appearanceId: string): Promise<boolean>;
  /** What `erase` would erase. */
  count(selection: Selection): Promise<Erased>;
  /** What a selection holds is gone for good, verdicts with it; an appearance that lies in it in part is gone whole. */
  erase(selection: Selection): Promise<Erased>;
  /** Erases what ended before, a portion at a time. */
  eraseBefore(end: string): Promise<Erased>;
  close(): Promise<void>;
}
