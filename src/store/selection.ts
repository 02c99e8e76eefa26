import { StoreError } from './errors.js';
import type { AppearanceQuery, Selection } from './store.js';

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

export function whereSelected({ streams, labels, from, to }: Selection): Where {
  const where = new Where();
  if (streams !== undefined) where.add([...streams], (p) => `a.stream_id = ANY (${p}::text[])`);
  if (labels !== undefined) where.add([...labels], (p) => `a.label = ANY (${p}::text[])`);
  if (to !== undefined) where.add(checkedTime(to), (p) => `a.start_time < ${p}::timestamptz`);
  if (from !== undefined)
    where.add(
      checkedTime(from),
      // The second says nothing new, but an index can tell where to start.
      (p) =>
        `(a.end_time > ${p}::timestamptz OR a.start_time >= ${p}::timestamptz) AND a.start_time >= ${p}::timestamptz - (SELECT coalesce(max(end_time - start_time), interval '0') FROM logowatch.appearances)`,
    );
  return where;
}

export function whereQueried(query: AppearanceQuery): Where {
  const where = whereSelected(query);
  const { states, verdicts, cursor } = query;
  if (states !== undefined) where.add([...states], (p) => `a.state = ANY (${p}::text[])`);
  if (verdicts !== undefined)
    where.add([...verdicts], (p) => `coalesce(v.verdict, 'none') = ANY (${p}::text[])`);
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

function checkedTime(text: string): string {
  if (!ISO_TIME.test(text) || Number.isNaN(Date.parse(text)))
    throw new StoreError('store-query', 'This is no time', {
      value: text.slice(0, 100),
      remedy: 'Write it as 2026-01-31T18:00:00Z',
    });
  return new Date(text).toISOString();
}
