import type { Appearance } from '../core/appearance.js';

export interface AppearanceQuery {
  readonly stream?: string | undefined;
  readonly label?: string | undefined;
  readonly state?: 'open' | 'ended' | undefined;
  /** Those that were there at some moment from `fromMs` on, and before `toMs`; milliseconds since the epoch. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** What the page before gave. */
  readonly after?: Place | undefined;
  readonly limit: number;
}

/** Newest first: by start, then by id. */
export interface Place {
  readonly startMs: number;
  readonly id: string;
}

/** The appearances that the page shows, the last revision of each. */
export interface AppearanceSource {
  get(id: string): Promise<Appearance | undefined>;
  /** At most `limit`, newest first. */
  list(query: AppearanceQuery): Promise<readonly Appearance[]>;
}

export const APPEARANCES_MAX = 10_000;

export const placeOf = ({ startTime, id }: Appearance): Place => ({ startMs: Date.parse(startTime), id });

/** The newest appearances, in memory: for as long as the process lives. */
export class AppearanceLog implements AppearanceSource {
  readonly #max: number;
  /** In the order in which they opened. */
  readonly #byId = new Map<string, Appearance>();

  constructor(max = APPEARANCES_MAX) {
    this.#max = max;
  }

  add(event: Appearance): void {
    const known = this.#byId.get(event.id);
    if (known !== undefined && known.revision >= event.revision) return;
    this.#byId.set(event.id, event);
    if (this.#byId.size > this.#max) this.#byId.delete(this.#byId.keys().next().value ?? '');
  }

  async get(id: string): Promise<Appearance | undefined> {
    return this.#byId.get(id);
  }

  async list(query: AppearanceQuery): Promise<readonly Appearance[]> {
    const { after, limit } = query;
    return [...this.#byId.values()]
      .filter((a) => matches(a, query))
      .map((appearance) => ({ appearance, place: placeOf(appearance) }))
      .filter(({ place }) => after === undefined || byPlace(place, after) > 0)
      .sort((a, b) => byPlace(a.place, b.place))
      .slice(0, limit)
      .map(({ appearance }) => appearance);
  }
}

function matches(a: Appearance, { stream, label, state, fromMs, toMs }: AppearanceQuery): boolean {
  return (
    (stream === undefined || a.streamId === stream) &&
    (label === undefined || a.label === label) &&
    (state === undefined || (a.state === 'ended') === (state === 'ended')) &&
    (toMs === undefined || Date.parse(a.startTime) < toMs) &&
    (fromMs === undefined || Date.parse(a.endTime) >= fromMs)
  );
}

function byPlace(a: Place, b: Place): number {
  if (a.startMs !== b.startMs) return b.startMs - a.startMs;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
