import type { FactRows } from '../core/fact-rows.js';
import { isoTime } from './appearance-rows.js';
import type { Database } from './database.js';
import { NAMES, type NameRow, Names } from './packed.js';
import { type Bounded, whereSelected } from './selection.js';

/** So many rows at once: few enough that nothing else waits long while they are taken in. */
const ROWS_WANTED = 20_000;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const SLICE_MS_MAX = 31 * DAY_MS;
/** How many times as long as the slice before, or as short, one may be. */
const STEP_MAX = 4;

/**
 * The packed rows of a selection, one slice of time after another; each is asked for before the one ahead of it is counted.
 */
export async function* readPacked(database: Database, bounded: Bounded): AsyncGenerator<FactRows> {
  const range = await rangeOf(database, bounded);
  if (range === undefined) return;
  let names = await readNames(database);
  let [startMs, lengthMs] = [range.firstMs, DAY_MS];
  const ask = (): Promise<Uint8Array | null> | undefined => {
    if (startMs > range.lastMs) return undefined;
    const slice = readSlice(database, bounded, startMs, startMs + lengthMs);
    // It may fail before anybody waits for it.
    slice.catch(() => undefined);
    startMs += lengthMs;
    return slice;
  };
  for (let slice = ask(); slice !== undefined; ) {
    const packed = (await slice) ?? new Uint8Array();
    slice = ask();
    let rows = names.unpack(packed);
    if (rows === undefined) {
      names = await readNames(database);
      rows = names.unpackKnown(packed);
    }
    const step = Math.min(STEP_MAX, Math.max(1 / STEP_MAX, ROWS_WANTED / Math.max(1, rows.brand.length)));
    lengthMs = Math.min(SLICE_MS_MAX, Math.max(MINUTE_MS, lengthMs * step));
    if (rows.brand.length > 0) yield rows;
  }
}

/** The first and the last start, milliseconds since the epoch. */
async function rangeOf(database: Database, bounded: Bounded) {
  const { text, values } = whereSelected(bounded);
  const { rows } = await database.query<{ first: number | null; last: number }>(
    `SELECT date_part('epoch', min(a.start_time)) * 1000 AS first, date_part('epoch', max(a.start_time)) * 1000 AS last
    FROM logowatch.appearances a ${text}`,
    values,
  );
  const { first = null, last = 0 } = rows[0] ?? {};
  return first === null ? undefined : { firstMs: Math.floor(first), lastMs: Math.ceil(last) };
}

async function readNames(database: Database): Promise<Names> {
  return new Names((await database.query<NameRow>(NAMES)).rows);
}

async function readSlice(
  database: Database,
  bounded: Bounded,
  fromMs: number,
  toMs: number,
): Promise<Uint8Array | null> {
  const where = whereSelected(bounded)
    .add(isoTime(fromMs), (p) => `a.start_time >= ${p}::timestamptz`)
    .add(isoTime(toMs), (p) => `a.start_time < ${p}::timestamptz`);
  const { rows } = await database.query<{ packed: Uint8Array | null }>(
    `SELECT string_agg(a.packed, '') AS packed FROM logowatch.appearances a ${where.text}`,
    where.values,
  );
  return rows[0]?.packed ?? null;
}
