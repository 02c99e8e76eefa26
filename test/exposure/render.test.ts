import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';
import readXlsxFile from 'read-excel-file/node';
import { exposureAnalysis } from '../../src/exposure/analysis.js';
import { exposureCsv } from '../../src/exposure/render/csv.js';
import { exposureHtml } from '../../src/exposure/render/html.js';
import { exposureJson } from '../../src/exposure/render/json.js';
import { exposureXlsx } from '../../src/exposure/render/xlsx.js';
import { exposureSchema } from '../../src/exposure/settings.js';
import { EIGHT, shown } from './facts.js';

/** Names that a spreadsheet, a browser or a reader of CSV could take for something else. */
const FORMULA = '=HYPERLINK("http://x.example")';
const MARKUP = '</title><script>alert(1)</script>';
const settings = exposureSchema.parse({ rates: { currency: 'EUR', default: { per30s: 300 } } });
const analysis = exposureAnalysis(
  [
    shown('1', 0, 60),
    shown('2', 30, 90, { label: FORMULA }),
    shown('3', 0, 30, { label: MARKUP, streamId: 'a,"b"' }),
  ],
  { settings, by: 'hour' },
);

describe('the report as CSV', () => {
  const text = [...exposureCsv(analysis)].join('');
  const rows = parse(text, { columns: true }) as Record<string, string>[];

  it('has a line a brand and scope, in order', () => {
    assert.deepEqual(
      rows.map((r) => [r.scope, r.stream, r.cut]),
      [
        ...Array.from({ length: 3 }, () => ['all', '', '']),
        ['stream', 'a,"b"', ''],
        ['stream', 'news', ''],
        ['stream', 'news', ''],
        ['hour', 'a,"b"', '2026-01-01T20:00+00:00'],
        ['hour', 'news', '2026-01-01T20:00+00:00'],
        ['hour', 'news', '2026-01-01T20:00+00:00'],
      ],
    );
  });

  it('has seconds, shares and money as numbers, and what is not known empty', () => {
    const acme = rows.find((r) => r.scope === 'stream' && r.brand === 'acme')!;
    assert.equal(acme.exposure_s, '60');
    assert.equal(acme.solus_s, '30');
    assert.equal(acme.share_of_voice, '0.5');
    assert.equal(acme['size 2.5-5 % (s)'], '60');
    assert.equal(acme.value_gross_EUR, '600');
    assert.equal(acme.observed_share, '');
    assert.equal(acme.first, '2026-01-01T20:00:00.000Z');
  });

  it('has no formula in it', () => {
    assert.ok(rows.some((r) => r.brand === `'${FORMULA}`));
    assert.ok(!rows.some((r) => r.brand === FORMULA));
  });
});

describe('the report as a workbook', () => {
  it('has a sheet of each kind, with numbers, moments and texts', async () => {
    const sheets = await readXlsxFile(await exposureXlsx(analysis));
    assert.deepEqual(
      sheets.map((s) => s.sheet),
      ['All streams', 'Streams', 'By hour', 'Together', 'How counted'],
    );
    const [head = [], ...rows] = sheets[1]!.data;
    const at = (row: readonly unknown[] | undefined, name: string) => row?.[head.indexOf(name)];
    const acme = rows.find((row) => at(row, 'brand') === 'acme');
    assert.equal(at(acme, 'stream'), 'news');
    assert.equal(at(acme, 'exposure_s'), 60);
    assert.equal(at(acme, 'value_gross_EUR'), 600);
    // A workbook counts days: a moment is right to the millisecond.
    const first = at(acme, 'first (UTC)') as Date;
    assert.ok(Math.abs(first.getTime() - EIGHT) <= 1, String(first));
    // A text cell, as it is: that is no formula.
    assert.ok(rows.some((row) => at(row, 'brand') === FORMULA));
    assert.deepEqual(sheets[3]!.data, [
      ['stream', 'brand', 'with', 'together_s'],
      ['all streams', FORMULA, 'acme', 30],
      ['news', FORMULA, 'acme', 30],
    ]);
  });

  it('of nothing is a workbook too, and one that is too large is refused', async () => {
    assert.ok((await exposureXlsx(exposureAnalysis([]))).length > 0);
    const { all } = analysis;
    const large = { ...analysis, streams: Array.from({ length: 50_000 }, () => all) };
    await assert.rejects(exposureXlsx(large), { code: 'usage', value: '150000 rows' });
  });
});

describe('the report as JSON and HTML', () => {
  it('is one document of the whole', () => {
    assert.deepEqual(JSON.parse([...exposureJson(analysis)].join('')), analysis);
    const none = exposureAnalysis([]);
    assert.deepEqual(JSON.parse([...exposureJson(none)].join('')), none);
  });

  it('takes names for text', () => {
    const html = exposureHtml(analysis);
    assert.ok(!html.includes('<script'));
    assert.ok(html.includes('&#60;/title&#62;&#60;script'));
    assert.match(exposureHtml(exposureAnalysis([])), /No brand was seen/);
  });

  it('draws the hours in which nothing was seen, and no more than can be told apart', () => {
    const days = (n: number) => [
      shown('1', 0, 60),
      shown('2', 0, 60, { startTime: new Date(EIGHT + n * 86_400_000).toISOString() }),
    ];
    const columns = (n: number) => exposureHtml(exposureAnalysis(days(n), { by: 'hour' }));
    // The second is the last of 25 columns: it starts at 24/25 of the width.
    assert.match(columns(1), /<rect x="960" /);
    assert.match(columns(50), /1201 parts are too many to draw/);
  });

  it('tells of rows that it leaves out', () => {
    const days = Array.from({ length: 700 }, (_, i) =>
      shown(String(i), 0, 60, { startTime: new Date(Date.UTC(2026, 0, 1 + i)).toISOString() }),
    );
    const html = exposureHtml(exposureAnalysis(days, { by: 'day' }));
    assert.match(html, /The first 500 parts; 200 more are in the CSV/);
  });
});
