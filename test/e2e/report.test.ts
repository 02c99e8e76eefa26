import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeAppearance, makeEvent } from '../sink/events.js';
import { runCli } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'logowatch-report-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const lines = (events: readonly unknown[]) => events.map((e) => `${JSON.stringify(e)}\n`).join('');

describe('logowatch report', { timeout: 60_000 }, () => {
  const monday = file('monday.jsonl', lines(makeAppearance('1')));
  const later = { startTime: '2026-01-02T04:00:00.000Z', exposureMs: 1300 };
  const tuesday = file(
    'tuesday.jsonl',
    `${lines([makeEvent('2', 0, 'ended', later)])}{"id":"still being wri`,
  );

  it('prints seconds by stream and brand over several files', async () => {
    const { code, stdout, stderr } = await runCli('report', monday, tuesday);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^stream +brand +appearances +seconds +coverage/);
    assert.match(stdout, /^news 1 +acme +2 +6\.5 +97 %/m);
  });

  it('prints JSON', async () => {
    const { code, stdout } = await runCli('report', monday, '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), [
      {
        streamId: 'news 1',
        label: 'acme',
        appearances: 1,
        exposureMs: 5200,
        coverage: 0.97,
        first: '2026-01-02T03:04:05.600Z',
        last: '2026-01-02T03:04:11.002Z',
      },
    ]);
  });

  it('names a line that is no event, and a file that is not there', async () => {
    const wrong = file('wrong.jsonl', `${lines(makeAppearance('1', 1))}{"id":"2"}\n`);
    const bad = await runCli('report', wrong);
    assert.deepEqual([bad.code, bad.stdout], [1, '']);
    assert.match(bad.stderr, /no appearance event \(.*wrong\.jsonl:2\)/);
    const missing = await runCli('report', join(folder, 'none.jsonl'));
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /ENOENT/);
  });
});
