import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exposureAnalysis } from '../../src/exposure/analysis.js';
import type { BrandFigures, ExposureScope } from '../../src/exposure/figures.js';
import { exposureSchema } from '../../src/exposure/settings.js';
import { EIGHT, shown } from './facts.js';

const brand = (scope: ExposureScope, label: string): BrandFigures => {
  const found = scope.brands.find((b) => b.label === label);
  assert.ok(found, `${label} is not there`);
  return found;
};
const seconds = (ms: readonly number[]): number[] => ms.map((v) => v / 1000);
const near = (actual: number | null | undefined, expected: number) =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);

describe('who is alone, and who with whom', () => {
  // seconds   0          6     8  9  10    12
  // acme      ==========================         all of it seen
  // globex               ==================      half of it seen
  // hooli                      ===               all of it seen
  const { all, streams } = exposureAnalysis([
    shown('1', 0, 10),
    shown('2', 6, 12, { label: 'globex', exposureMs: 3000 }),
    shown('3', 8, 9, { label: 'hooli' }),
  ]);

  it('solus, with one other, with two', () => {
    assert.deepEqual(
      all.brands.map((b) => [b.label, b.exposureMs / 1000, b.solusMs / 1000, b.sharedMs / 1000]),
      [
        ['acme', 10, 6, 4],
        ['globex', 3, 1, 2],
        ['hooli', 1, 0, 1],
      ],
    );
    assert.deepEqual(
      all.brands.map((b) => seconds(b.simultaneousMs)),
      [
        // 0 to 6; 6 to 8 and 9 to 10; 8 to 9
        [6, 3, 1],
        // half of 10 to 12; of 6 to 8 and 9 to 10; of 8 to 9
        [1, 1.5, 0.5],
        [0, 0, 1],
      ],
    );
  });

  it('the screen: any brand, by how many there are', () => {
    // acme all of 0 to 10; then half of 10 to 12
    assert.equal(all.screenMs, 11_000);
    assert.deepEqual(seconds(all.simultaneousMs), [7, 3, 1]);
  });

  it('pairs, longest first', () => {
    assert.deepEqual(all.pairs, [
      // half of 6 to 10
      { labels: ['acme', 'globex'], togetherMs: 2000 },
      { labels: ['acme', 'hooli'], togetherMs: 1000 },
      { labels: ['globex', 'hooli'], togetherMs: 500 },
    ]);
  });

  it('share of voice: of 14 s', () => {
    assert.equal(all.exposureMs, 14_000);
    near(brand(all, 'acme').shareOfVoice, 10 / 14);
    near(brand(all, 'globex').shareOfVoice, 3 / 14);
    near(brand(all, 'hooli').shareOfVoice, 1 / 14);
  });

  it('one stream is all streams', () => {
    assert.deepEqual({ ...streams[0], streamId: null }, all);
  });

  it('another stream is no company', () => {
    const both = exposureAnalysis([
      shown('1', 0, 10),
      shown('2', 0, 10, { label: 'globex', streamId: 'sports' }),
    ]);
    assert.deepEqual(
      both.all.brands.map((b) => b.solusMs),
      [10_000, 10_000],
    );
    assert.equal(both.all.screenMs, 20_000);
    assert.deepEqual(both.all.pairs, []);
  });
});

describe('how large, where, how clear', () => {
  const middle = shown('1', 0, 10, { meanBox: [0.4, 0.45, 0.2, 0.1], areaMean: 0.02, meanScore: 0.9 });
  const corner = shown('2', 20, 30, { meanBox: [0.9, 0, 0.1, 0.02], areaMean: 0.05, meanScore: 0.8 });

  it('a mark in the middle', () => {
    const b = brand(exposureAnalysis([middle]).all, 'acme');
    assert.deepEqual(seconds(b.bandsMs), [10, 0, 0, 0]);
    assert.deepEqual(seconds(b.positionMs), [0, 0, 0, 0, 10, 0, 0, 0, 0]);
    near(b.areaMean, 0.02);
    near(b.centrality, 1);
    // Its height, a tenth, is more than a twentieth: the score is not lessened.
    near(b.clarity, 0.9);
    // size 0.02 / 0.1, place 1, clarity 0.9, alone 1
    near(b.qualityIndex, (100 * (0.2 + 1 + 0.9 + 1)) / 4);
    near(b.qualityMs, 7750);
  });

  it('a mark in a corner', () => {
    const b = brand(exposureAnalysis([corner]).all, 'acme');
    // At an edge it is of the larger band.
    assert.deepEqual(seconds(b.bandsMs), [0, 0, 10, 0]);
    assert.deepEqual(seconds(b.positionMs), [0, 0, 10, 0, 0, 0, 0, 0, 0]);
    // The centre is at (0.95, 0.01): 0.9 and 0.98 of the way from the middle to the edges.
    const centrality = 1 - Math.sqrt((0.9 ** 2 + 0.98 ** 2) / 2);
    near(b.centrality, centrality);
    // A height of 0.02 is two fifths of 0.05.
    near(b.clarity, 0.8 * 0.4);
    near(b.qualityIndex, (100 * (0.5 + centrality + 0.32 + 1)) / 4);
  });

  it('both: means by exposure, and weights as set', () => {
    const settings = exposureSchema.parse({
      bands: [0.03],
      quality: { size: 3, position: 0, clarity: 1, solus: 0 },
    });
    const b = brand(exposureAnalysis([middle, { ...corner, exposureMs: 5000 }], { settings }).all, 'acme');
    assert.deepEqual(seconds(b.bandsMs), [10, 5]);
    near(b.areaMean, (10 * 0.02 + 5 * 0.05) / 15);
    near(b.clarity, (10 * 0.9 + 5 * 0.32) / 15);
    // (3 * 0.2 + 0.9) / 4 and (3 * 0.5 + 0.32) / 4
    near(b.qualityIndex, (100 * (10 * 0.375 + 5 * 0.455)) / 15);
  });

  it('company lessens quality: two brands at once, one half each', () => {
    const settings = exposureSchema.parse({ quality: { size: 0, position: 0, clarity: 0, solus: 1 } });
    const { all } = exposureAnalysis([shown('1', 0, 10), shown('2', 5, 10, { label: 'globex' })], {
      settings,
    });
    near(brand(all, 'acme').qualityIndex, 75);
    near(brand(all, 'globex').qualityIndex, 50);
  });

  it('of two marks at once the one that is seen more says how large it was', () => {
    const [large, small] = [shown('1', 0, 10, { areaMean: 0.2, exposureMs: 5000 }), shown('2', 4, 8)];
    // 0 to 4 and 8 to 10 at a half, large; 4 to 8 at all of it, 3 % of the screen.
    assert.deepEqual(seconds(brand(exposureAnalysis([large, small]).all, 'acme').bandsMs), [0, 4, 0, 3]);
  });
});

describe('media value', () => {
  // The mark is half way to the corner, and only that counts: its quality is a half.
  const quality = { size: 0, position: 1, clarity: 0, solus: 0 };
  const minute = shown('1', -30, 30, { meanBox: [0.7, 0.7, 0.1, 0.1] });
  const value = (rates: unknown, timeZone?: string) => {
    const settings = exposureSchema.parse({ quality, rates });
    const { all, currency } = exposureAnalysis([minute], { settings, timeZone });
    assert.equal(currency, 'EUR');
    assert.deepEqual(brand(all, 'acme').mediaValue, all.mediaValue);
    return all.mediaValue;
  };

  it('a minute is two spots', () => {
    assert.deepEqual(value({ currency: 'EUR', streams: { news: { per30s: 300 } } }), {
      gross: 600,
      qualityWeighted: 300,
      ratedMs: 60_000,
    });
  });

  it('a price by the thousand: 20 for each of 15 thousand', () => {
    assert.equal(value({ currency: 'EUR', default: { cpm: 20, audience: 15_000 } })?.gross, 600);
  });

  it('hours of the day are local: 30 s before nine in Berlin at 300, 30 s after at 900', () => {
    const hours = [{ from: 21, to: 2, per30s: 900 }];
    const rates = { currency: 'EUR', streams: { news: { per30s: 300, hours } } };
    assert.equal(value(rates, 'Europe/Berlin')?.gross, 1200);
    assert.equal(value(rates)?.gross, 600);
  });

  it('what has no price is told apart from what is worth nothing', () => {
    assert.deepEqual(value({ currency: 'EUR', streams: { sports: { per30s: 300 } } }), {
      gross: 0,
      qualityWeighted: 0,
      ratedMs: 0,
    });
    assert.equal(exposureAnalysis([minute]).all.mediaValue, null);
  });
});

describe('parts of time', () => {
  const cuts = (scopes: readonly ExposureScope[]) =>
    scopes.map(({ cut, exposureMs, appearances, spanMs }) => [
      cut?.name,
      exposureMs / 1000,
      appearances,
      spanMs === null ? null : spanMs / 60_000,
    ]);

  it('hours of a place that is half an hour off', () => {
    // 01:25 to 02:05 on the clocks of Kolkata.
    const long = shown('1', -300, 2100);
    const analysis = exposureAnalysis([long], { by: 'hour', timeZone: 'Asia/Kolkata' });
    assert.deepEqual(cuts(analysis.cuts), [
      ['2026-01-02T01:00+05:30', 2100, 1, 60],
      ['2026-01-02T02:00+05:30', 300, 1, 60],
    ]);
    assert.deepEqual(analysis.cuts[0]?.cut, {
      by: 'hour',
      name: '2026-01-02T01:00+05:30',
      startTime: '2026-01-01T19:30:00.000Z',
      endTime: '2026-01-01T20:30:00.000Z',
      airings: 1,
    });
    // It is one appearance, though it counts in each of the two hours.
    assert.equal(analysis.all.appearances, 1);
  });

  it('the day on which clocks are set forward has 23 hours', () => {
    const noon = shown('1', 0, 60, { startTime: '2026-03-29T10:00:00.000Z' });
    const { cuts: days } = exposureAnalysis([noon], { by: 'day', timeZone: 'Europe/Berlin' });
    assert.deepEqual(cuts(days), [['2026-03-29', 60, 1, 23 * 60]]);
    assert.equal(days[0]?.cut?.startTime, '2026-03-28T23:00:00.000Z');
    assert.equal(days[0]?.cut?.endTime, '2026-03-29T22:00:00.000Z');
  });

  it('the hour that clocks show twice is two hours', () => {
    const early = shown('1', 0, 7200, { startTime: '2026-10-25T00:00:00.000Z' });
    const { cuts: hours } = exposureAnalysis([early], { by: 'hour', timeZone: 'Europe/Berlin' });
    assert.deepEqual(
      hours.map(({ cut, exposureMs }) => [cut?.name, exposureMs]),
      [
        ['2026-10-25T02:00+02:00', 3_600_000],
        ['2026-10-25T02:00+01:00', 3_600_000],
      ],
    );
  });

  const airing = (title: string, from: string, to: string, streamId = 'news') => ({
    streamId,
    title,
    startTime: `2026-01-01T${from}:00Z`,
    endTime: `2026-01-01T${to}:00Z`,
  });

  it('programmes, those that are on twice, and what lies outside of them', () => {
    const schedule = [
      airing('Quiz', '20:30', '21:00'),
      airing('Quiz', '19:00', '20:00'),
      airing('News', '20:00', '20:30'),
      airing('Quiz', '20:00', '21:00', 'sports'),
    ];
    const facts = [shown('1', -10, 10), shown('2', 2400, 2405), shown('3', 4200, 4260)];
    const analysis = exposureAnalysis(facts, { by: 'programme', schedule });
    assert.deepEqual(cuts(analysis.cuts), [
      ['Quiz', 15, 2, 90],
      ['News', 10, 1, 30],
      [null, 60, 1, null],
    ]);
    assert.equal(analysis.cuts[0]?.cut?.airings, 2);
    assert.equal(analysis.cuts[0]?.cut?.startTime, '2026-01-01T19:00:00.000Z');
    assert.equal(analysis.cuts[0]?.cut?.endTime, '2026-01-01T21:00:00.000Z');
  });

  it('refuses programmes that are on at once, and those that end before they start', () => {
    const run = (...schedule: ReturnType<typeof airing>[]) =>
      exposureAnalysis([shown('1', 0, 1)], { by: 'programme', schedule });
    assert.throws(() => run(airing('A', '20:00', '21:00'), airing('B', '20:59', '22:00')), /on at once/);
    assert.throws(() => run(airing('A', '20:00', '20:00')), /does not end after it starts/);
  });

  it('from and to: what lies outside does not count, and an appearance has its share inside', () => {
    const facts = [
      shown('1', 0, 10, { exposureMs: 5000 }),
      shown('2', 20, 30, { label: 'globex' }),
      shown('3', 5, 5, { label: 'hooli', exposureMs: 0 }),
      shown('4', 12, 12, { label: 'hooli', exposureMs: 0 }),
    ];
    const { all, from, to } = exposureAnalysis(facts, {
      from: '2026-01-01T20:00:04Z',
      to: '2026-01-01T21:00:12+01:00',
    });
    assert.deepEqual([from, to], ['2026-01-01T20:00:04.000Z', '2026-01-01T20:00:12.000Z']);
    assert.deepEqual(
      all.brands.map((b) => [b.label, b.exposureMs, b.appearances, b.first]),
      [
        // 4 to 10 at a half
        ['acme', 3000, 1, '2026-01-01T20:00:04.000Z'],
        // Of no length, but there; the one at the end is not within.
        ['hooli', 0, 1, '2026-01-01T20:00:05.000Z'],
      ],
    );
    assert.equal(all.spanMs, 8000);
    near(brand(all, 'acme').shareOfVoice, 1);
  });

  it('a date is its midnight on local clocks', () => {
    const { from, to } = exposureAnalysis([], {
      from: '2026-01-31',
      to: '2026-02-01 12:00',
      timeZone: 'America/New_York',
    });
    assert.deepEqual([from, to], ['2026-01-31T05:00:00.000Z', '2026-02-01T17:00:00.000Z']);
  });
});

describe('how much of the time was looked at', () => {
  const span = (fromS: number, toS: number, coverage = 1, streamId = 'news') => ({
    streamId,
    startTime: new Date(EIGHT + fromS * 1000).toISOString(),
    endTime: new Date(EIGHT + toS * 1000).toISOString(),
    coverage,
  });
  const observed = [
    span(-600, 600),
    // The same time again, worse: it adds what lies behind the first alone.
    span(0, 1200, 0.5),
    span(0, 300, 1, 'sports'),
  ];

  it('is not known of events alone', () => {
    const { all } = exposureAnalysis([shown('1', 0, 10)]);
    assert.deepEqual([all.spanMs, all.observedMs, all.observedShare], [null, null, null]);
  });

  it('by stream and hour, and of streams on which nothing was seen', () => {
    const analysis = exposureAnalysis([shown('1', -5, 5)], {
      observed,
      by: 'hour',
      from: '2026-01-01T19:00Z',
      to: '2026-01-01T21:00Z',
    });
    const row = ({ streamId, observedMs, observedShare }: ExposureScope) => [
      streamId,
      observedMs,
      Math.round(1e6 * (observedShare ?? -1)),
    ];
    // news: 1200 s, and half of 600, of 7200; sports: 300 of 7200
    assert.deepEqual(analysis.streams.map(row), [
      ['news', 1_500_000, Math.round(1e6 * (1500 / 7200))],
      ['sports', 300_000, Math.round(1e6 * (300 / 7200))],
    ]);
    assert.deepEqual(row(analysis.all), [null, 1_800_000, 125_000]);
    assert.deepEqual(analysis.cuts.map(row), [
      ['news', 600_000, Math.round(1e6 * (600 / 3600))],
      ['news', 900_000, 250_000],
    ]);
  });
});

describe('what is asked wrongly', () => {
  const ask = (options: Parameters<typeof exposureAnalysis>[1]) => () => exposureAnalysis([], options);
  it('is named', () => {
    assert.throws(ask({ timeZone: 'Europe/Nowhere' }), { code: 'usage', value: 'Europe/Nowhere' });
    assert.throws(ask({ from: 'yesterday' }), { code: 'usage', value: 'yesterday' });
    assert.throws(ask({ from: '2026-02-31' }), { code: 'usage', value: '2026-02-31' });
    assert.throws(ask({ from: '2026-02-02', to: '2026-02-02' }), /ends before it starts/);
  });

  it('nothing seen is a report too', () => {
    const { all, streams } = exposureAnalysis([]);
    assert.deepEqual([all.brands, all.screenMs, all.exposureMs, streams], [[], 0, 0, []]);
  });
});
