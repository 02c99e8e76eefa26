import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { openStore } from '../../src/store/open.js';
import { lastRevisions, readEvents, runCli, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { PASSWORD, TestPostgres, withoutPostgres } from '../support/postgres.js';

const folder = mkdtempSync(join(tmpdir(), 'logowatch-store-'));
const at = (name: string) => join(folder, name);
const model = join(repoRoot(), 'models', 'demo');
let file = '';

before(async () => {
  const { path } = await npmFfmpeg();
  ({ file } = await composeBroadcast({ ffmpegPath: path, seed: 3, seconds: 16, output: at('b.mp4') }));
});
after(() => rmSync(folder, { recursive: true }));

/** What was watched, from a file of events and from a store. */
async function sameReports(store: string, events: string): Promise<void> {
  const both = async (...options: string[]) => {
    const [fromStore, fromFile] = [
      await runCli('report', store, ...options),
      await runCli('report', events, ...options),
    ];
    assert.equal(fromStore.code, 0, fromStore.stderr);
    assert.deepEqual(JSON.parse(fromStore.stdout), JSON.parse(fromFile.stdout));
    return JSON.parse(fromFile.stdout);
  };
  const whole = await both('--json');
  const quick = await both('--seconds', '--json');
  // The time between the first start and the last end, halved.
  const [first, last] = ['first', 'last'].map((key) =>
    whole.all.brands
      .map((b: Record<string, string>) => b[key]!)
      .sort()
      .at(key === 'first' ? 0 : -1),
  ) as [string, string];
  const middle = new Date((Date.parse(first) + Date.parse(last)) / 2).toISOString();
  const [before, after] = [await both('--to', middle, '--json'), await both('--from', middle, '--json')];
  const halves = before.all.exposureMs + after.all.exposureMs;
  assert.ok(Math.abs(halves - whole.all.exposureMs) < 1, `${halves} of ${whole.all.exposureMs}`);
  assert.ok(before.all.exposureMs > 0 && after.all.exposureMs > 0);
  assert.ok(whole.all.brands.length >= 2);
  assert.equal(quick.length, whole.all.brands.length);
}

describe('a store from the command line', { timeout: 180_000 }, () => {
  it('watch --store keeps what the events say, and erase takes it away again', async () => {
    const [store, events] = [at('store'), at('events.jsonl')];
    const watched = await runCli('watch', file, '--model', model, '--events', events, '--store', store);
    assert.equal(watched.code, 0, watched.stderr);
    await sameReports(store, events);
    const opened = await openStore({ path: store, mustExist: true });
    const { appearances } = await opened.appearances({ limit: 1000 });
    await opened.close();
    const plain = appearances.map(({ verdict: _, ...event }) => event);
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    assert.deepEqual(plain.sort(byId), lastRevisions(readEvents(events)).sort(byId));

    const brand = plain[0]!.label;
    const count = plain.filter(({ label }) => label === brand).length;
    const asked = await runCli('erase', store, '--brand', brand, '--json');
    assert.deepEqual(JSON.parse(asked.stdout), {
      erased: false,
      appearances: count,
      verdicts: 0,
      evidence: 0,
    });
    const done = await runCli('erase', store, '--brand', brand, '--json', '--yes');
    assert.deepEqual(JSON.parse(done.stdout), { erased: true, appearances: count, verdicts: 0, evidence: 0 });
    const left = await runCli('report', store, '--json');
    assert.ok(!left.stdout.includes(`"${brand}"`));
  });

  it('a folder that is no store stays as it is', async () => {
    const empty = mkdtempSync(at('empty-'));
    for (const args of [
      ['report', empty],
      ['erase', empty, '--all', '--yes'],
    ]) {
      const { code, stderr } = await runCli(...args);
      assert.equal(code, 1);
      assert.match(stderr, /no store in this folder/);
    }
    assert.deepEqual(readdirSync(empty), []);
  });

  it('erase says what it needs', async () => {
    for (const args of [['erase'], ['erase', '--all', '--stream', 'x', '--yes']]) {
      const { code, stderr } = await runCli(...args);
      assert.equal(code, 2);
      assert.match(stderr, /--all/);
    }
  });

  it('a source after --store is not taken for a store', async () => {
    const { code, stderr } = await runCli('watch', '--store', 'rtsp://u:hush-hush@127.0.0.1:9/x');
    assert.equal(code, 2);
    assert.match(stderr, /A store is a folder or postgres/);
    assert.ok(!stderr.includes('hush-hush') && !existsSync('rtsp:'));
  });

  it('a PostgreSQL of the config gets the same; its password stays a secret', {
    skip: withoutPostgres(),
  }, async () => {
    const server = await TestPostgres.start();
    try {
      const events = at('config.jsonl');
      const config = at('config.yaml');
      const url = server.url().replace(PASSWORD, '${DB_PASSWORD}');
      writeFileSync(
        config,
        `model: ${model}\nstreams: [{ id: s, url: ${file} }]\nsinks: [{ type: jsonl, path: ${events} }]\nstore: { url: "${url}", retentionDays: 36500 }\n`,
      );
      const env = { DB_PASSWORD: PASSWORD };
      const shown = await startCli(['watch', '-c', config, '--print-config'], { env }).ended;
      assert.match(shown.stdout, /"url": "postgres:\/\/\*\*\*@127/);
      assert.ok(!shown.stdout.includes(PASSWORD));
      const watched = await startCli(['watch', '-c', config], { env }).ended;
      assert.equal(watched.code, 0, watched.stderr);
      await sameReports(server.url(), events);
      const erased = await startCli(['erase', '-c', config, '--all', '--yes'], { env }).ended;
      assert.match(erased.stdout, /^Erased: [1-9]\d* appearances/);
      const wrong = await startCli(['watch', '-c', config], { env: { DB_PASSWORD: 'not-this-one' } }).ended;
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /does not let this user in/);
      assert.ok(!wrong.stderr.includes('not-this-one'));
    } finally {
      await server.stop();
    }
  });
});
