import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { storeAnalysis } from '../../src/commands/report-store.js';
import { Random } from '../../src/demo/random.js';
import { exposureAnalysis } from '../../src/exposure/analysis.js';
import type { Database } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrations.js';
import { Names } from '../../src/store/packed.js';
import { openPglite } from '../../src/store/pglite.js';
import { openPostgres } from '../../src/store/postgres.js';
import { SqlStore } from '../../src/store/sql-store.js';
import { TestPostgres, withoutPostgres } from '../support/postgres.js';
import { makeAny } from './events.js';

/** As if its appearances had been written before there was the column. */
async function goBack(database: Database): Promise<void> {
  await database.query('ALTER TABLE logowatch.appearances DROP COLUMN packed');
  await database.query('DELETE FROM logowatch.migrations WHERE version > 1');
}

async function packsWhatWasThere(database: Database): Promise<void> {
  await migrate(database);
  const store = new SqlStore(database);
  const events = makeAny(new Random(7), 400);
  await store.upsert(events);
  await goBack(database);
  await migrate(database);
  assert.deepEqual(await storeAnalysis(store, {}, {}), exposureAnalysis(events));
}

test('brands whose numbers are the same are an error, not one brand', () => {
  const row = (label: string, last: number) => ({
    stream_id: 'a',
    label,
    code: Uint8Array.from([1, 2, 3, 4, 5, 6, last, 0]),
  });
  assert.deepEqual(
    new Names([row('x', 8), row('y', 16)]).brands.map(({ label }) => label),
    ['x', 'y'],
  );
  // 53 of 64 bits are compared.
  assert.throws(() => new Names([row('x', 8), row('y', 9)]), { code: 'store-refused', value: 'x on a' });
});

describe('a store of the version before packed rows', { timeout: 60_000 }, () => {
  test('has them after it was opened: PGlite', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'logowatch-packed-'));
    const database = await openPglite(folder);
    try {
      await packsWhatWasThere(database);
    } finally {
      await database.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('has them after it was opened: PostgreSQL', { skip: withoutPostgres() }, async () => {
    const server = await TestPostgres.start();
    const database = openPostgres({ url: server.url() });
    try {
      await packsWhatWasThere(database);
    } finally {
      await database.close();
      await server.stop();
    }
  });

  test('a migration may take longer than other statements', { skip: withoutPostgres() }, async () => {
    const server = await TestPostgres.start();
    const database = openPostgres({ url: server.url(), statementTimeoutMs: 100 });
    try {
      await assert.rejects(database.query('SELECT pg_sleep(0.5)'));
      await database.transaction((queries) => queries.query('SELECT pg_sleep(0.5)'), 10_000);
      await assert.rejects(database.query('SELECT pg_sleep(0.5)'));
    } finally {
      await database.close();
      await server.stop();
    }
  });
});
