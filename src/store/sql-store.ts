import type { Appearance } from '../core/appearance.js';
import {
  appearanceOf,
  FACTS,
  type FactsRow,
  factsOf,
  isoTime,
  rowOf,
  UPSERT,
  WHOLE,
  type WholeRow,
} from './appearance-rows.js';
import type { Database } from './database.js';
import { StoreError } from './errors.js';
import {
  type Bounded,
  boundedBy,
  type Where,
  whereQueried,
  whereSelected,
  writeCursor,
} from './selection.js';
import { SPANS, type SpansRow, spansOf } from './spans.js';
import type {
  AppearanceFacts,
  AppearancePage,
  AppearanceQuery,
  BrandSpans,
  Erased,
  Seen,
  Selection,
  Store,
  StoredAppearance,
  Verdict,
} from './store.js';

const PAGE_DEFAULT = 50;
const PAGE_MAX = 1000;
const MONTH_MS = 31 * 86_400_000;
const FACTS_BATCH = 20_000;
/** Rows that one statement erases, so that none takes long. */
const ERASE_BATCH = 10_000;
const ERASE_TRIES = 3;
const JOINED = 'FROM logowatch.appearances a LEFT JOIN logowatch.verdicts v ON v.appearance_id = a.id';

/** The one store: the same SQL on a server and embedded. Its tables are those of `migrate`. */
export class SqlStore implements Store {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get location(): string {
    return this.#database.location;
  }

  async upsert(events: readonly Appearance[]): Promise<number> {
    const last = new Map<string, Appearance>();
    for (const event of events)
      if (event.revision > (last.get(event.id)?.revision ?? -1)) last.set(event.id, event);
    if (last.size === 0) return 0;
    // In one order everywhere, or two writers might wait for each other.
    const rows = [...last.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(rowOf);
    const { changed } = await this.#database.query(UPSERT, [JSON.stringify(rows)]);
    return changed;
  }

  async appearances(query: AppearanceQuery = {}): Promise<AppearancePage> {
    const limit = checkedLimit(query.limit ?? PAGE_DEFAULT);
    const where = whereQueried({ ...query, ...(await this.#bounded(query)) });
    const text = `SELECT ${WHOLE}, date_part('epoch', a.start_time) * 1e6 AS start_us ${JOINED} ${where.text} ORDER BY a.start_time DESC, a.id DESC LIMIT ${limit + 1}`;
    const { rows } = await this.#database.query<WholeRow & { start_us: number }>(text, where.values);
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      appearances: page.map(appearanceOf),
      cursor: last === undefined ? null : writeCursor(Math.round(last.start_us), last.id),
    };
  }

  async appearance(id: string): Promise<StoredAppearance | undefined> {
    const { rows } = await this.#database.query<WholeRow>(`SELECT ${WHOLE} ${JOINED} WHERE a.id = $1`, [id]);
    return rows[0] && appearanceOf(rows[0]);
  }

  async *facts(selection: Selection = {}): AsyncGenerator<readonly AppearanceFacts[]> {
    const bounded = await this.#bounded(selection);
    for (let last: [number, string] | undefined; ; ) {
      const where = whereSelected(bounded);
      if (last !== undefined) addAfter(where, last);
      const text = `SELECT ${FACTS}, date_part('epoch', a.start_time) * 1e6 AS start_us FROM logowatch.appearances a ${where.text} ORDER BY a.start_time, a.id LIMIT ${FACTS_BATCH}`;
      const { rows } = await this.#database.query<FactsRow & { start_us: number }>(text, where.values);
      if (rows.length > 0) yield rows.map(factsOf);
      const end = rows.at(-1);
      if (end === undefined || rows.length < FACTS_BATCH) return;
      last = [Math.round(end.start_us), end.id];
    }
  }

  async *spans(selection: Selection = {}): AsyncGenerator<readonly BrandSpans[]> {
    const bounded = await this.#bounded(selection);
    const all = whereSelected(bounded);
    const range = `SELECT date_part('epoch', min(a.start_time)) * 1000 AS first, date_part('epoch', max(a.start_time)) * 1000 AS last FROM logowatch.appearances a ${all.text}`;
    const { rows } = await this.#database.query<{ first: number | null; last: number }>(range, all.values);
    const { first = null, last = 0 } = rows[0] ?? {};
    if (first === null) return;
    for (let start = Math.floor(first); start <= last; start += MONTH_MS) {
      const where = whereSelected(bounded)
        .add(isoTime(start), (p) => `a.start_time >= ${p}::timestamptz`)
        .add(isoTime(start + MONTH_MS), (p) => `a.start_time < ${p}::timestamptz`);
      const text = `SELECT ${SPANS} FROM logowatch.appearances a ${where.text} GROUP BY a.stream_id, a.label`;
      yield (await this.#database.query<SpansRow>(text, where.values)).rows.map(spansOf);
    }
  }

  streams(): Promise<readonly Seen[]> {
    return this.#seen('stream_id');
  }

  brands(): Promise<readonly Seen[]> {
    return this.#seen('label');
  }

  async judge({ appearanceId, verdict, by, at, note }: Verdict): Promise<boolean> {
    const { changed } = await this.#database.query(
      `INSERT INTO logowatch.verdicts (appearance_id, verdict, judged_by, judged_at, note)
      SELECT id, $2, $3, $4::timestamptz, $5 FROM logowatch.appearances WHERE id = $1
      ON CONFLICT (appearance_id) DO UPDATE SET verdict = excluded.verdict, judged_by = excluded.judged_by,
        judged_at = excluded.judged_at, note = excluded.note`,
      [appearanceId, verdict, by, at, note],
    );
    return changed > 0;
  }

  async unjudge(appearanceId: string): Promise<boolean> {
    const text = 'DELETE FROM logowatch.verdicts WHERE appearance_id = $1';
    return (await this.#database.query(text, [appearanceId])).changed > 0;
  }

  async count(selection: Selection): Promise<Erased> {
    const where = whereSelected(await this.#bounded(selection));
    const text = `SELECT count(*)::float8 AS appearances, count(v.verdict)::float8 AS verdicts ${JOINED} ${where.text}`;
    const { rows } = await this.#database.query<Erased>(text, where.values);
    return rows[0]!;
  }

  async erase(selection: Selection): Promise<Erased> {
    const bounded = await this.#bounded(selection);
    return this.#erase(() => whereSelected(bounded));
  }

  eraseBefore(end: string): Promise<Erased> {
    return this.#erase(() => whereSelected({}).add(end, (p) => `a.end_time < ${p}::timestamptz`));
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #bounded<S extends Selection>(selection: S): Promise<Bounded> {
    if (selection.from === undefined) return selection;
    const text = `SELECT coalesce(date_part('epoch', max(end_time - start_time)), 0) * 1000 AS ms FROM logowatch.appearances`;
    const { rows } = await this.#database.query<{ ms: number }>(text);
    return boundedBy(selection, Math.ceil(rows[0]?.ms ?? 0));
  }

  async #seen(column: 'stream_id' | 'label'): Promise<readonly Seen[]> {
    const { rows } = await this.#database.query<{ name: string; n: number; first: number; last: number }>(
      `SELECT ${column} AS name, count(*)::float8 AS n, date_part('epoch', min(start_time)) * 1000 AS first,
        date_part('epoch', max(start_time)) * 1000 AS last
      FROM logowatch.appearances GROUP BY ${column} ORDER BY ${column} COLLATE "C"`,
    );
    return rows.map(({ name, n, first, last }) => ({
      name,
      appearances: n,
      first: isoTime(first),
      last: isoTime(last),
    }));
  }

  async #erase(selected: () => Where): Promise<Erased> {
    let [appearances, verdicts] = [0, 0];
    for (let failures = 0; ; ) {
      try {
        const erased = await this.#erasePortion(selected());
        appearances += erased.appearances;
        verdicts += erased.verdicts;
        failures = 0;
        if (erased.appearances < ERASE_BATCH) return { appearances, verdicts };
      } catch (error) {
        // A writer and this may have waited for each other.
        if (!(error instanceof StoreError && error.transient && ++failures < ERASE_TRIES)) throw error;
      }
    }
  }

  #erasePortion({ text, values }: Where): Promise<Erased> {
    return this.#database.transaction(async (queries) => {
      const { rows } = await queries.query<{ id: string }>(
        `SELECT a.id FROM logowatch.appearances a ${text} LIMIT ${ERASE_BATCH} FOR UPDATE`,
        values,
      );
      const ids = [rows.map(({ id }) => id)];
      const judged = 'DELETE FROM logowatch.verdicts WHERE appearance_id = ANY ($1::text[])';
      const seen = 'DELETE FROM logowatch.appearances WHERE id = ANY ($1::text[])';
      const verdicts = (await queries.query(judged, ids)).changed;
      return { verdicts, appearances: (await queries.query(seen, ids)).changed };
    });
  }
}

function addAfter(where: Where, [startUs, id]: readonly [number, string]): void {
  where.add(startUs, () => 'true');
  const start = where.values.length;
  where.add(
    id,
    (p) =>
      `(a.start_time, a.id) > (timestamptz 'epoch' + $${start}::float8 * interval '1 microsecond', ${p}::text)`,
  );
}

function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE_MAX) return limit;
  throw new StoreError('store-query', `A page holds 1 to ${PAGE_MAX} appearances`, { value: String(limit) });
}
