/**
 * A month of a million appearances in a PostgreSQL: the report, the pages, and what comes in meanwhile, each beside its limit:
 * `node dist/bench/store.js [APPEARANCES]`. Starts a server of its own (Debian's programs) with the settings it comes with.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { storeReport } from '../src/commands/report-store.js';
import { openStore } from '../src/store/open.js';
import { openPostgres } from '../src/store/postgres.js';
import type { AppearanceQuery, Store } from '../src/store/store.js';
import { makeEvent } from '../test/sink/events.js';
import { TestPostgres } from '../test/support/postgres.js';
import { table } from './measure.js';

const [count = 1_000_000] = process.argv.slice(2).map(Number);
const STREAMS = 20;
const BRANDS = 50;
const FROM = '2026-01-01T00:00:00Z';
const TO = '2026-01-31T00:00:00Z';
const VIEWS = 100;

/** In the order of their starts, as they come in; anywhere in the month, half of all on a fifth of the streams and brands; 2 to 30 s; one in ten has been judged. */
const FILL = `
INSERT INTO logowatch.appearances
SELECT gen_random_uuid()::text, 5, 'ended', 'stream-' || floor(${STREAMS} * random() ^ 2), 'session-' || i / 5000,
  'brand ' || floor(${BRANDS} * random() ^ 2), start, start + length * interval '1 ms', at, at + length, 'arrival', 'gone',
  0.9 + random() / 10, 0.8 + random() / 10, ARRAY[random(), random(), 0.1, 0.1], 0.01, 0.02, length * (0.8 + random() / 5), 1,
  length / 200, 'demo', 'sha256', '{"box":[0.1,0.2,0.1,0.1],"firstBox":[0.1,0.2,0.1,0.1]}'
FROM (SELECT i, at, date_trunc('milliseconds', timestamptz '${FROM}' + at * interval '1 ms') AS start, length
  FROM (SELECT i, floor(random() * 30 * 86400000) AS at, 2000 + floor(random() ^ 3 * 28000) AS length
    FROM generate_series(1, ${count}) AS i ORDER BY 2) AS times) AS given`;
const JUDGE = `
INSERT INTO logowatch.verdicts SELECT id, 'right', 'ann', now(), NULL FROM logowatch.appearances WHERE random() < 0.1`;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

/** Every fact of the month, as richer reports need them. */
async function facts(store: Store): Promise<number> {
  let n = 0;
  for await (const batch of store.facts({ from: FROM, to: TO })) n += batch.length;
  return n;
}

async function report(store: Store): Promise<number> {
  return (await storeReport(store, { from: FROM, to: TO })).length;
}

const any = (n: number): number => Math.floor(n * Math.random());
const anyTime = (): string => new Date(Date.parse(FROM) + any(30 * 86_400_000)).toISOString();
const views: Readonly<Record<string, () => AppearanceQuery>> = {
  'newest of all': () => ({}),
  'of a stream': () => ({ streams: [`stream-${any(STREAMS)}`], to: anyTime() }),
  'of a brand': () => ({ labels: [`brand ${any(BRANDS)}`], to: anyTime() }),
  'of a brand on a stream': () => ({ streams: [`stream-${any(STREAMS)}`], labels: [`brand ${any(BRANDS)}`] }),
  'of four streams, an hour': () => {
    const from = anyTime();
    const to = new Date(Date.parse(from) + 3_600_000).toISOString();
    return { streams: Array.from({ length: 4 }, () => `stream-${any(STREAMS)}`), from, to };
  },
  'not judged yet, of a stream': () => ({ streams: [`stream-${any(STREAMS)}`], verdicts: ['none'] }),
  'judged wrong (there is none)': () => ({ verdicts: ['wrong'] }),
};

/** The first page and the three after it. */
async function view(store: Store, query: AppearanceQuery, took: number[]): Promise<void> {
  let cursor: string | undefined;
  for (let page = 0; page < 4; page++) {
    const started = performance.now();
    const { cursor: next } = await store.appearances({ ...query, cursor });
    took.push(performance.now() - started);
    if (next === null) return;
    cursor = next;
  }
}

const server = await TestPostgres.start();
try {
  const store = await openStore({ url: server.url() });
  const database = openPostgres({ url: server.url(), statementTimeoutMs: 600_000 });
  const filling = await seconds(async () => {
    await database.query(FILL);
    await database.query(JUDGE);
  });
  // As autovacuum does sooner or later.
  await database.query('VACUUM ANALYZE logowatch.appearances');
  const { rows } = await database.query<{ table: number; all: number }>(
    "SELECT pg_table_size('logowatch.appearances')::float8 AS table, pg_total_relation_size('logowatch.appearances')::float8 AS all",
  );
  const mb = (bytes = 0): string => (bytes / 1e6).toFixed(0);
  process.stdout.write(
    `${count} appearances, made in ${filling.toFixed(0)} s: ${mb(rows[0]?.table)} MB, ${mb(rows[0]?.all)} MB with indexes\n`,
  );
  const reports: number[] = [];
  for (let i = 0; i < 5; i++) reports.push(await seconds(() => report(store)));
  const reading = await seconds(() => facts(store));
  const rowsOut = [
    ['', 'p50', 'p95', 'limit'],
    ['report of the month, s', quantile(reports, 0.5).toFixed(2), quantile(reports, 0.95).toFixed(2), '2'],
    ['all facts of the month, s', reading.toFixed(2), '', ''],
  ];
  for (const [name, query] of Object.entries(views)) {
    const took: number[] = [];
    for (let i = 0; i < VIEWS; i++) await view(store, query(), took);
    rowsOut.push([
      `page ${name}, ms`,
      quantile(took, 0.5).toFixed(1),
      quantile(took, 0.95).toFixed(1),
      '300',
    ]);
  }
  const writes: number[] = [];
  for (let i = 0; i < 200; i++) {
    const batch = Array.from({ length: 64 }, (_, n) => makeEvent(`bench-${i}-${n}`, 0, 'started'));
    writes.push(1000 * (await seconds(() => store.upsert(batch))));
    await sleep(1);
  }
  rowsOut.push([
    '64 events written, ms',
    quantile(writes, 0.5).toFixed(1),
    quantile(writes, 0.95).toFixed(1),
    '',
  ]);
  process.stdout.write(`${table(rowsOut)}\n`);
  await Promise.all([store.close(), database.close()]);
} finally {
  await server.stop();
}
