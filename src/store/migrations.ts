import type { Database, Queries } from './database.js';
import { StoreError } from './errors.js';

interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/** In order, for ever: a migration that has been released is never changed, what comes later is a new one. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'appearances and verdicts',
    statements: [
      `CREATE TABLE logowatch.appearances (
        id text PRIMARY KEY,
        revision integer NOT NULL,
        state text NOT NULL,
        stream_id text NOT NULL,
        session text NOT NULL,
        label text NOT NULL,
        start_time timestamptz NOT NULL,
        end_time timestamptz NOT NULL,
        start_pts_ms double precision NOT NULL,
        end_pts_ms double precision NOT NULL,
        clock text NOT NULL,
        end_reason text,
        score double precision NOT NULL,
        mean_score double precision NOT NULL,
        mean_box double precision[] NOT NULL,
        area_mean double precision NOT NULL,
        area_max double precision NOT NULL,
        exposure_ms double precision NOT NULL,
        coverage double precision NOT NULL,
        frames integer NOT NULL,
        model_id text NOT NULL,
        model_hash text NOT NULL,
        other jsonb NOT NULL
      )`,
      // Pages: newest first, of everything, of a stream, of a brand, of both.
      'CREATE INDEX appearances_by_start ON logowatch.appearances (start_time, id)',
      'CREATE INDEX appearances_by_stream ON logowatch.appearances (stream_id, start_time, id)',
      'CREATE INDEX appearances_by_label ON logowatch.appearances (label, start_time, id)',
      'CREATE INDEX appearances_by_both ON logowatch.appearances (stream_id, label, start_time, id)',
      // The longest of all says how far before a range one must look for what reaches into it.
      'CREATE INDEX appearances_by_length ON logowatch.appearances ((end_time - start_time))',
      'CREATE INDEX appearances_by_end ON logowatch.appearances (end_time)',
      `CREATE TABLE logowatch.verdicts (
        appearance_id text PRIMARY KEY REFERENCES logowatch.appearances ON DELETE CASCADE,
        verdict text NOT NULL CHECK (verdict IN ('right', 'wrong', 'unsure')),
        judged_by text NOT NULL,
        judged_at timestamptz NOT NULL,
        note text
      )`,
      'CREATE INDEX verdicts_by_verdict ON logowatch.verdicts (verdict)',
    ],
  },
];

/** "logo" */
const LOCK = 0x6c_6f_67_6f;

/**
 * Brings a database to the newest version, all or nothing; of several processes that start at once, one does it. A user without
 * the right to make tables can use a database that is up to date. Throws store-schema-newer.
 */
export async function migrate(database: Database): Promise<void> {
  if ((await versionOf(database)) === MIGRATIONS.length) return;
  await database.transaction(async (queries) => {
    await queries.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    const version = await versionOf(queries);
    if (version > MIGRATIONS.length) throw newer(version, database.location);
    if (version === 0) await begin(queries);
    for (const [i, { name, statements }] of MIGRATIONS.entries()) {
      if (i < version) continue;
      for (const statement of statements) await queries.query(statement);
      await queries.query(
        'INSERT INTO logowatch.migrations (version, name, applied_at) VALUES ($1, $2, now())',
        [i + 1, name],
      );
    }
  });
}

async function begin(queries: Queries): Promise<void> {
  // IF NOT EXISTS would ask for the right to make schemas even where this one is there.
  if (!(await isThere(queries, "pg_namespace WHERE nspname = 'logowatch'")))
    await queries.query('CREATE SCHEMA logowatch');
  await queries.query(
    'CREATE TABLE IF NOT EXISTS logowatch.migrations (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)',
  );
}

async function versionOf(queries: Queries): Promise<number> {
  const table = 'pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace';
  if (!(await isThere(queries, `${table} WHERE n.nspname = 'logowatch' AND c.relname = 'migrations'`)))
    return 0;
  const { rows } = await queries.query<{ version: number | null }>(
    'SELECT max(version) AS version FROM logowatch.migrations',
  );
  return rows[0]?.version ?? 0;
}

/** Asks the catalogue itself: to_regclass answers from a cache, which waiting for another program's lock does not renew. */
async function isThere(queries: Queries, what: string): Promise<boolean> {
  const text = `SELECT EXISTS (SELECT FROM pg_catalog.${what}) AS there`;
  return (await queries.query<{ there: boolean }>(text)).rows[0]?.there ?? false;
}

function newer(version: number, location: string): StoreError {
  return new StoreError('store-schema-newer', 'A newer logowatch has written this store', {
    value: `${location}: version ${version}, this program knows ${MIGRATIONS.length}`,
    remedy: 'Update this program, or name another database',
  });
}
