import { StoreError } from './errors.js';
import type { AppearanceQuery, Judgement, Selection } from './store.js';

/** A day (its start in UTC), or a time that names its zone. */
const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A condition on `logowatch.appearances a`, and the values it names. */
export class Where {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** The condition, given how the value is written in it. */
  add(value: unknown, condition: (placeholder: string) => string): this {
    this.values.push(value);
    this.#conditions.push(condition(`$${this.values.length}`));
    return this;
  }

  get text(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}

/** Where the database has to look from: no appearance that began before it reaches into the selection. */
export interface Bounded extends Selection {
  readonly notBefore?: string | undefined;
}

/**
 * Asked for before the question itself: an index helps only where the planner sees the value.
 * @param longestMs of all appearances
 */
export function boundedBy(selection: Selection, longestMs: number): Bounded {
  if (selection.from === undefined) return selection;
  return {
    ...selection,
    notBefore: new Date(Date.parse(checkedTime(selection.from)) - longestMs).toISOString(),
  };
}

export function whereSelected({ streams, labels, from, to, notBefore }: Bounded): Where {
  const where = new Where();
  if (streams !== undefined) where.add([...streams], (p) => `a.stream_id = ANY (${p}::text[])`);
  if (labels !== undefined) where.add([...labels], (p) => `a.label = ANY (${p}::text[])`);
  if (to !== undefined) where.add(checkedTime(to), (p) => `a.start_time < ${p}::timestamptz`);
  if (from !== undefined)
    where.add(
      checkedTime(from),
      (p) => `(a.end_time > ${p}::timestamptz OR a.start_time >= ${p}::timestamptz)`,
    );
  if (notBefore !== undefined) where.add(notBefore, (p) => `a.start_time >= ${p}::timestamptz`);
  return where;
}

export function whereQueried(query: AppearanceQuery & Bounded): Where {
  const where = whereSelected(query);
  const { states, verdicts, cursor } = query;
  if (states !== undefined) where.add([...states], (p) => `a.state = ANY (${p}::text[])`);
  if (verdicts !== undefined) addVerdicts(where, verdicts);
  if (cursor !== undefined) {
    const [start, id] = readCursor(cursor);
    // A microsecond number, since a page must go on exactly where the one before ended.
    where.values.push(start);
    where.add(
      id,
      (p) =>
        `(a.start_time, a.id) < (timestamptz 'epoch' + $${where.values.length - 1}::float8 * interval '1 microsecond', ${p}::text)`,
    );
  }
  return where;
}

/** Said so that an index can answer: verdicts that are rare are looked up, and not waited for among a million that have none. */
function addVerdicts(where: Where, verdicts: readonly (Judgement | 'none')[]): void {
  const given = (p: string): string => `v.verdict = ANY (${p}::text[])`;
  const judged = verdicts.filter((verdict) => verdict !== 'none');
  const none = judged.length < verdicts.length;
  const missing = 'v.appearance_id IS NULL';
  where.add(judged, (p) => {
    if (!none) return given(p);
    return judged.length > 0 ? `(${missing} OR ${given(p)})` : `${missing} AND ${p}::text[] IS NOT NULL`;
  });
}

export const writeCursor = (startUs: number, id: string): string =>
  Buffer.from(JSON.stringify([startUs, id])).toString('base64url');

function readCursor(cursor: string): [number, string] {
  try {
    const [start, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (Number.isFinite(start) && typeof id === 'string') return [start as number, id];
  } catch {
    // Told below.
  }
  throw new StoreError('store-query', 'This is no cursor of a page', {
    value: cursor.slice(0, 100),
    remedy: 'Leave it out for the first page',
  });
}

/** As the store writes it. Throws store-query. */
export function checkedTime(text: string): string {
  if (!ISO_TIME.test(text) || Number.isNaN(Date.parse(text)))
    throw new StoreError('store-query', 'This is no time', {
      value: text.slice(0, 100),
      remedy: 'Write it as 2026-01-31T18:00:00Z',
    });
  return new Date(text).toISOString();
}
