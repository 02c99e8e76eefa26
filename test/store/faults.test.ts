import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { MemoryBus } from '../../src/bus/memory.js';
import { topics } from '../../src/bus/topics.js';
import { repoRoot } from '../../src/core/root.js';
import { runSinks } from '../../src/sink/run.js';
import { createStore } from '../../src/sink/sinks/store.js';
import { MIGRATIONS, migrate } from '../../src/store/migrations.js';
import { openStore } from '../../src/store/open.js';
import { openPostgres } from '../../src/store/postgres.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { makeAppearance, makeEvent } from '../sink/events.js';
import { PASSWORD, TestPostgres, withoutPostgres } from '../support/postgres.js';
import { isTyped } from './events.js';

const says =
  (code: Parameters<typeof isTyped>[1], transient = false) =>
  (error: unknown) => {
    assert.ok(isTyped(error, code), String(error));
    assert.equal(error.transient, transient, error.message);
    assert.ok(!`${error.message} ${error.value} ${error.remedy}`.includes(PASSWORD));
    return true;
  };

describe('a PostgreSQL that fails', { skip: withoutPostgres(), timeout: 120_000 }, () => {
  let server: TestPostgres;
  before(async () => {
    server = await TestPostgres.start();
  });
  after(() => server.stop());

  /** A database with nothing in it. */
  async function fresh(name: string): Promise<string> {
    const client = new pg.Client(server.url());
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return server.url(name);
  }

  async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  test('ten programs that start at once make the tables once', async () => {
    const url = await fresh('race');
    const stores = await Promise.all(Array.from({ length: 10 }, () => openStore({ url, connections: 1 })));
    const rows = await ask(url, 'SELECT version FROM logowatch.migrations');
    assert.deepEqual(
      rows,
      MIGRATIONS.map((_, i) => ({ version: i + 1 })),
    );
    await Promise.all(stores.map((store) => store.close()));
  });

  test('a migration that fails leaves nothing behind', async () => {
    const url = await fresh('half');
    await ask(url, 'CREATE SCHEMA logowatch; CREATE TABLE logowatch.verdicts (x int)');
    await assert.rejects(openStore({ url }), says('store-failed'));
    assert.deepEqual(await ask(url, "SELECT to_regclass('logowatch.appearances') AS t"), [{ t: null }]);
    await ask(url, 'DROP TABLE logowatch.verdicts');
    await (await openStore({ url })).close();
  });

  test('a newer schema is told, and left alone', async () => {
    const url = await fresh('newer');
    await (await openStore({ url })).close();
    await ask(url, `INSERT INTO logowatch.migrations VALUES (${MIGRATIONS.length + 1}, 'to come', now())`);
    await assert.rejects(openStore({ url }), says('store-schema-newer'));
  });

  test('a user who may only read and write uses tables that are there', async () => {
    const url = await fresh('rights');
    await (await openStore({ url })).close();
    await ask(
      url,
      `CREATE ROLE writer LOGIN PASSWORD '${PASSWORD}'; GRANT USAGE ON SCHEMA logowatch TO writer;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA logowatch TO writer`,
    );
    const store = await openStore({ url: server.url('rights', PASSWORD, 'writer') });
    assert.equal(await store.upsert(makeAppearance('a')), 1);
    await store.close();
    await ask(url, 'REVOKE INSERT ON logowatch.appearances FROM writer');
    const again = await openStore({ url: server.url('rights', PASSWORD, 'writer') });
    await assert.rejects(again.upsert(makeAppearance('b')), says('store-refused'));
    await again.close();
  });

  test('a wrong password, a database and a server that are not there have names', async () => {
    await assert.rejects(openStore({ url: server.url('postgres', 'no') }), says('store-refused'));
    await assert.rejects(openStore({ url: server.url('nowhere') }), says('store-refused'));
    const away = `postgres://u:${PASSWORD}@127.0.0.1:9/x`;
    await assert.rejects(openStore({ url: away }), says('store-unreachable', true));
  });

  test('a statement that takes too long is given up, and the next one goes through', async () => {
    const database = openPostgres({ url: server.url(), statementTimeoutMs: 200, connections: 1 });
    await assert.rejects(database.query('SELECT pg_sleep(20)'), says('store-failed', true));
    assert.equal((await database.query<{ one: number }>('SELECT 1 AS one')).rows[0]?.one, 1);
    await database.close();
  });

  test('more callers than connections wait for their turn', async () => {
    const database = openPostgres({ url: server.url(), connections: 2 });
    const pids = await Promise.all(
      Array.from({ length: 30 }, () => database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')),
    );
    assert.ok(new Set(pids.map(({ rows }) => rows[0]?.pid)).size <= 2);
    await database.close();
  });

  test('crashes and restarts lose nothing of a sink, whatever was under way', async () => {
    const url = await fresh('crash');
    const telemetry = new RecordingTelemetry();
    const bus = new MemoryBus({ capacity: 4096 });
    const sink = await createStore({ url }, { telemetry });
    const retry = { pauseMs: 50, pauseMsMax: 200 };
    const signal = new AbortController().signal;
    const running = runSinks({ bus, sinks: [sink], telemetry, signal, retry, drainMs: 60_000 });
    const ids = Array.from({ length: 600 }, (_, i) => `c${i}`);
    const crashes = async () => {
      for (const how of ['SIGQUIT', 'SIGINT'] as const) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await server.down(how);
        await new Promise((resolve) => setTimeout(resolve, 150));
        await server.up();
      }
    };
    const down = crashes();
    for (const id of ids) {
      for (const value of makeAppearance(id)) await bus.send(topics.appearances, [{ key: 'news 1', value }]);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await down;
    await bus.end(topics.appearances);
    const [report] = await running;
    await bus.close();
    assert.equal(report?.lost, 0);
    assert.ok(
      telemetry.events.some((e) => e.type === 'sink-retry'),
      'it did fail on the way',
    );
    const [row] = await ask(
      url,
      "SELECT count(*)::int AS n FROM logowatch.appearances WHERE state = 'ended'",
    );
    assert.equal(row?.n, ids.length);
  });

  test('a server that is away at the start is waited for', async () => {
    const url = await fresh('late');
    await server.down('SIGINT');
    const telemetry = new RecordingTelemetry();
    const sink = await createStore({ url }, { telemetry });
    assert.equal(telemetry.events[0]?.type, 'warning');
    await assert.rejects(sink.write(makeAppearance('a')), (e) => (e as { scope?: string }).scope === 'retry');
    await server.up();
    await sink.write(makeAppearance('a'));
    await sink.close();
    const store = await openStore({ url });
    assert.equal((await store.appearance('a'))?.state, 'ended');
    await store.close();
  });
});

describe('the embedded database', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-store-'));
  after(() => rmSync(folder, { recursive: true }));

  /** Writes appearances one by one in a process of its own, and says which are safe. */
  function writer(path: string) {
    const script = `
      const { openStore } = await import(${JSON.stringify(pathToFileURL(join(repoRoot(), 'dist/src/store/open.js')).href)});
      const { makeEvent } = await import(${JSON.stringify(pathToFileURL(join(repoRoot(), 'dist/test/sink/events.js')).href)});
      const store = await openStore({ path: process.argv[1] });
      for (let i = 0; ; i++) {
        await store.upsert([makeEvent('k' + i, 0, 'ended')]);
        process.stdout.write(i + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let safe = -1;
    child.stdout.on('data', (chunk: Buffer) => {
      safe = Number(chunk.toString().trim().split('\n').at(-1));
    });
    const reached = async (n: number) => {
      while (safe < n) {
        assert.equal(child.exitCode, null);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const kill = async () => {
      if (child.exitCode !== null) return safe;
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await gone;
      return safe;
    };
    return { reached, kill };
  }

  test('one process has a folder; when it is killed, another finds all that was safe', async () => {
    const path = join(folder, 'killed');
    const first = writer(path);
    try {
      await first.reached(50);
      await assert.rejects(openStore({ path }), says('store-in-use'));
    } finally {
      const safe = await first.kill();
      const store = await openStore({ path });
      const { appearances } = await store.appearances({ limit: 1000 });
      const there = new Set(appearances.map(({ id }) => id));
      for (let i = 0; i <= Math.min(safe, 900); i++) assert.ok(there.has(`k${i}`), `k${i} of ${safe}`);
      await store.close();
    }
  });

  test('what opens it twice in a process has the same, until the last has closed', async () => {
    const path = join(folder, 'x'.repeat(120), 'shared');
    const [one, two] = await Promise.all([openStore({ path }), openStore({ path })]);
    await one.upsert(makeAppearance('a'));
    await one.close();
    await one.close();
    await assert.rejects(one.appearance('a'), says('store-failed'));
    assert.equal((await two.appearance('a'))?.revision, 2);
    await two.close();
    const three = await openStore({ path, mustExist: true });
    assert.equal((await three.appearance('a'))?.revision, 2);
    await three.close();
  });

  test('a folder without a store, or that cannot be one, is told', async () => {
    await assert.rejects(openStore({ path: join(folder, 'none'), mustExist: true }), says('store-refused'));
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(openStore({ path: join(folder, 'file') }), says('store-failed'));
    const damaged = join(folder, 'damaged');
    mkdirSync(join(damaged, 'data'), { recursive: true });
    writeFileSync(join(damaged, 'data', 'PG_VERSION'), 'x');
    await assert.rejects(openStore({ path: damaged }), says('store-failed'));
    // Nothing was left locked.
    await assert.rejects(openStore({ path: damaged }), says('store-failed'));
  });

  test('a newer schema is told', async () => {
    const path = join(folder, 'newer');
    const store = await openStore({ path });
    await store.upsert([makeEvent('a', 0, 'ended')]);
    const { openPglite } = await import('../../src/store/pglite.js');
    const database = await openPglite(path);
    await database.query(
      `INSERT INTO logowatch.migrations VALUES (${MIGRATIONS.length + 1}, 'to come', now())`,
    );
    await assert.rejects(migrate(database), says('store-schema-newer'));
    await database.close();
    await store.close();
  });
});
