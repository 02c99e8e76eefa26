import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';
import readXlsxFile from 'read-excel-file/node';
import type { ExposureAnalysis } from '../../src/exposure/analysis.js';
import { makeAppearance, makeEvent } from '../sink/events.js';
import { runCli } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'logowatch-report-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

function file(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

const lines = (events: readonly unknown[]) => events.map((e) => `${JSON.stringify(e)}\n`).join('');

describe('logowatch report', { timeout: 120_000 }, () => {
  const monday = file('monday.jsonl', lines(makeAppearance('1')));
  const later = { startTime: '2026-01-02T04:00:00.000Z', exposureMs: 1300 };
  const tuesday = file(
    'tuesday.jsonl',
    `${lines([makeEvent('2', 0, 'ended', later)])}{"id":"still being wri`,
  );

  it('prints seconds by stream and brand over several files', async () => {
    const { code, stdout, stderr } = await runCli('report', monday, tuesday);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^stream +brand +appearances +seconds +voice +solus +area +quality +coverage/);
    assert.match(stdout, /^news 1 +acme +2 +6\.5 +100 % +6\.5 +3\.0 % +\d+ +97 %/m);
  });

  it('takes a name with a line separator for what it is', async () => {
    const odd = file(
      'odd.jsonl',
      lines(makeAppearance('3').map((e) => ({ ...e, label: 'a\u2028c\u2029me' }))),
    );
    const { code, stdout, stderr } = await runCli('report', odd, '--json');
    assert.equal(code, 0, stderr);
    const { all } = JSON.parse(stdout) as ExposureAnalysis;
    assert.deepEqual(
      all.brands.map(({ label }) => label),
      ['a\u2028c\u2029me'],
    );
  });

  it('prints JSON', async () => {
    const { code, stdout } = await runCli('report', monday, '--json');
    assert.equal(code, 0);
    const { version, streams, all } = JSON.parse(stdout) as ExposureAnalysis;
    assert.equal(version, 1);
    assert.deepEqual({ ...streams[0], streamId: null }, all);
    const [acme] = all.brands;
    assert.deepEqual(
      [acme?.label, acme?.appearances, acme?.exposureMs, acme?.coverage, acme?.first, acme?.last],
      ['acme', 1, 5200, 0.97, '2026-01-02T03:04:05.600Z', '2026-01-02T03:04:11.002Z'],
    );
  });

  it('prints CSV by programme, in a place’s time, with a rate card and a config', async () => {
    const schedule = file(
      'guide.csv',
      'stream,start,end,title\nnews 1,2026-01-02 04:00,2026-01-02 04:30,Dawn\n',
    );
    const rates = file('rates.yaml', 'currency: EUR\nstreams:\n  news 1: { per30s: 300 }\n');
    const config = file(
      'c.yaml',
      'streams: [{ id: x, url: "rtsp://${NOT_SET}@cam/" }]\nexposure: { bands: [0.5] }\n',
    );
    const asked = ['--by', 'programme', '--schedule', schedule, '--time-zone', 'Europe/Berlin'];
    const { code, stdout, stderr } = await runCli(
      'report',
      monday,
      '-c',
      config,
      ...asked,
      '--rates',
      rates,
      '--csv',
    );
    assert.equal(code, 0, stderr);
    const rows = parse(stdout, { columns: true }) as Record<string, string>[];
    const row = rows.find((r) => r.scope === 'programme');
    assert.equal(row?.cut, 'Dawn');
    assert.equal(row?.cut_start, '2026-01-02T03:00:00.000Z');
    assert.equal(row?.exposure_s, '5.2');
    assert.equal(row?.value_gross_EUR, '52');
    assert.equal(row?.['size < 50 % (s)'], '5.2');
  });

  it('writes a page and a workbook beside what it prints', async () => {
    const { code, stdout, stderr } = await runCli(
      'report',
      monday,
      '--html',
      at('r.html'),
      '--xlsx',
      at('r.xlsx'),
      '--json',
    );
    assert.equal(code, 0, stderr);
    assert.ok(JSON.parse(stdout));
    assert.match(stderr, /wrote .*r\.html\n.*wrote .*r\.xlsx/);
    assert.match(readFileSync(at('r.html'), 'utf8'), /^<!doctype html>/);
    assert.equal((await readXlsxFile(at('r.xlsx'))).length, 4);
  });

  it('takes the time asked for alone', async () => {
    const { stdout } = await runCli('report', monday, tuesday, '--from', '2026-01-02T04:00Z', '--json');
    const { from, all } = JSON.parse(stdout) as ExposureAnalysis;
    assert.deepEqual([from, all.exposureMs], ['2026-01-02T04:00:00.000Z', 1300]);
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

  it('names an option that is wrong, before it reads events', async () => {
    const none = at('none.jsonl');
    const broken = file('broken.yaml', 'currency: [');
    const wrong: [string[], RegExp][] = [
      [['--by', 'week'], /Allowed choices are hour, day, programme/],
      [['--by', 'programme'], /belong together\. Name a file with --schedule/],
      [['--schedule', monday], /belong together\. Add --by programme/],
      [['--by', 'programme', '--schedule', at('no.csv')], /The schedule cannot be read \(.*ENOENT/],
      [['--rates', at('no.yaml')], /The rate card cannot be read/],
      [['--rates', broken], /broken\.yaml is not YAML/],
      [['--csv', '--json'], /cannot be used with option '--csv'/],
    ];
    for (const [options, message] of wrong) {
      const { code, stdout, stderr } = await runCli('report', none, ...options);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
    }
    const asked: [string[], RegExp][] = [
      [['--from', 'soon'], /That is no time \(soon\)/],
      [['--time-zone', 'Mars'], /no such time zone \(Mars\)/],
      [['--html', join(folder, 'no', 'r.html')], /The report cannot be written/],
    ];
    for (const [options, message] of asked) {
      const { code, stdout, stderr } = await runCli('report', monday, ...options);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
    }
  });
});
