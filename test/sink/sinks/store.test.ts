import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SinkError } from '../../../src/sink/errors.js';
import { createStore, type StoreSinkOptions } from '../../../src/sink/sinks/store.js';
import { openStore } from '../../../src/store/open.js';
import type { Store } from '../../../src/store/store.js';
import { RecordingTelemetry } from '../../../src/telemetry/telemetry.js';
import { sinkContract } from '../../contract/sink.js';
import { PASSWORD, TestPostgres, withoutPostgres } from '../../support/postgres.js';
import { makeAppearance, makeEvent } from '../events.js';

const telemetry = new RecordingTelemetry();
const folder = mkdtempSync(join(tmpdir(), 'logowatch-store-'));
after(() => rmSync(folder, { recursive: true }));

/** The store that a sink writes to, read by another user of it; empty. */
async function makeSink(options: StoreSinkOptions) {
  const reader = await openStore(options);
  await reader.erase({});
  const sink = await createStore(options, { telemetry });
  const received = async () => [...(await all(reader))].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { sink, received, dispose: () => reader.close() };
}

async function all(store: Store) {
  const { appearances } = await store.appearances({ limit: 1000 });
  return appearances.map(({ verdict: _, ...event }) => event);
}

const unreachable = { url: `postgres://u:${PASSWORD}@127.0.0.1:9/x` };
const broken = async () => ({
  sink: await createStore(unreachable, { telemetry }),
  secret: PASSWORD,
  dispose: async () => undefined,
});
const traits = { everyRevision: true, lastOnly: true, refusesAfterClose: true };

// Kept open, since an embedded database takes its time to start.
let kept: Store | undefined;
after(() => kept?.close());
sinkContract(
  'store, embedded',
  async () => {
    kept ??= await openStore({ path: folder });
    return makeSink({ path: folder });
  },
  broken,
  traits,
);

describe('the store sink on a real PostgreSQL', { skip: withoutPostgres(), timeout: 60_000 }, () => {
  let server: TestPostgres;
  before(async () => {
    server = await TestPostgres.start();
  });
  after(() => server.stop());

  sinkContract('store', () => makeSink({ url: server.url() }), broken, traits);

  test('a wrong password is told when the sink is made', async () => {
    await assert.rejects(
      createStore({ url: server.url('postgres', 'wrong-pw') }, { telemetry }),
      (error) =>
        error instanceof SinkError && error.scope === 'sink' && !JSON.stringify(error).includes('wrong-pw'),
    );
  });

  test('an event that no database can hold is its own fault', async () => {
    const { sink, dispose } = await makeSink({ url: server.url() });
    await assert.rejects(
      sink.write([makeEvent('a', 0, 'started', { label: '\0' })]),
      (error) => error instanceof SinkError && error.scope === 'event',
    );
    await sink.close();
    await dispose();
  });

  test('what is older than the retention goes, the rest stays', async () => {
    const { sink, received, dispose } = await makeSink({ url: server.url() });
    const now = new Date().toISOString();
    await sink.write([
      ...makeAppearance('old'),
      makeEvent('new', 0, 'ended', { startTime: now, endTime: now }),
    ]);
    await sink.close();
    const tidy = await createStore({ url: server.url(), retentionDays: 1 }, { telemetry });
    await tidy.close();
    assert.deepEqual(
      (await received()).map((e) => e.id),
      ['new'],
    );
    await dispose();
  });
});
