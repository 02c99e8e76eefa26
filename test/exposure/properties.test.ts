import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ExposureOptions, exposureAnalysis } from '../../src/exposure/analysis.js';
import type { ExposureFacts } from '../../src/exposure/facts.js';
import type { BrandFigures, ExposureScope } from '../../src/exposure/figures.js';
import { exposureReport } from '../../src/exposure/report.js';
import { exposureSchema } from '../../src/exposure/settings.js';
import { EIGHT } from './facts.js';

const HOUR = 3_600_000;
const unit = fc.double({ min: 0, max: 1, noNaN: true });

const fact: fc.Arbitrary<ExposureFacts> = fc
  .record({
    streamId: fc.constantFrom('news', 'sports'),
    label: fc.constantFrom('acme', 'globex', 'hooli', 'initech'),
    startMs: fc.integer({ min: 0, max: 4 * HOUR }),
    // Some of no length, many that overlap, some over more than an hour.
    lengthMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 1, max: 2 * HOUR }),
    ),
    seen: fc.oneof(
      fc.constant(0),
      fc.constant(1),
      fc.integer({ min: 1, max: 999 }).map((n) => n / 1000),
    ),
    coverage: unit,
    areaMean: unit,
    meanScore: unit,
    box: fc.tuple(unit, unit, unit, unit),
  })
  .map(({ startMs, lengthMs, seen, box: [x, y, w, h], ...rest }) => ({
    ...rest,
    id: '',
    revision: 0,
    session: 's',
    startPtsMs: startMs,
    endPtsMs: startMs + lengthMs,
    startTime: new Date(EIGHT + startMs).toISOString(),
    exposureMs: lengthMs * seen,
    meanBox: [x, y, w * (1 - x), h * (1 - y)],
  }));
const facts = fc.array(fact, { maxLength: 25 });

const rates = {
  currency: 'EUR',
  default: { per30s: 100, hours: [{ from: 21, to: 23, per30s: 700 }] },
};
const settings = exposureSchema.parse({ rates });
const analyse = (list: readonly ExposureFacts[], options: ExposureOptions = {}) =>
  exposureAnalysis(list, { settings, ...options });

/** Milliseconds, or their sum, but for what floating point and rounding to microseconds do. */
const same = (a: number, b: number) => assert.ok(Math.abs(a - b) < 0.1, `${a} and ${b}`);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const figures = (b: BrandFigures) => [
  b.exposureMs,
  b.solusMs,
  b.sharedMs,
  ...b.simultaneousMs,
  ...b.bandsMs,
  ...b.positionMs,
  b.qualityMs,
  b.mediaValue?.gross ?? 0,
  b.mediaValue?.qualityWeighted ?? 0,
];

/** What the scopes have of each brand is, added up, what the whole has. */
function addsUp(whole: ExposureScope, parts: readonly ExposureScope[]): void {
  for (const brand of whole.brands) {
    const found = parts.flatMap(({ brands }) => brands.filter((b) => b.label === brand.label));
    figures(brand).forEach((value, i) => {
      same(sum(found.map((b) => figures(b)[i]!)), value);
    });
  }
  same(sum(parts.map((p) => p.screenMs)), whole.screenMs);
  whole.simultaneousMs.forEach((ms, i) => {
    same(sum(parts.map((p) => p.simultaneousMs[i]!)), ms);
  });
}

const check = (property: (list: ExposureFacts[]) => void) =>
  fc.assert(fc.property(facts, property), { numRuns: 300, seed: 6 });

describe('any appearances', () => {
  it('add up over streams', () => {
    check((list) => {
      const { all, streams } = analyse(list);
      addsUp(all, streams);
      assert.equal(sum(streams.map((s) => s.appearances)), all.appearances);
    });
  });

  it('add up over hours and days, wherever the clocks are', () => {
    for (const by of ['hour', 'day'] as const)
      for (const timeZone of ['UTC', 'Asia/Kolkata', 'America/St_Johns'])
        check((list) => {
          const { streams, cuts } = analyse(list, { by, timeZone });
          for (const stream of streams)
            addsUp(
              stream,
              cuts.filter((c) => c.streamId === stream.streamId),
            );
        });
  });

  it('add up over programmes and the time between', () => {
    const starts = fc.uniqueArray(fc.integer({ min: -60, max: 360 }), { minLength: 2, maxLength: 9 });
    const property = fc.property(facts, starts, (list, minutes) => {
      const times = minutes.sort((a, b) => a - b).map((m) => new Date(EIGHT + 60_000 * m).toISOString());
      const schedule = times.slice(1).map((endTime, i) => ({
        streamId: 'news',
        // Every third is left out, and titles come again.
        title: `programme ${i % 2}`,
        startTime: times[i]!,
        endTime,
      }));
      const { streams, cuts } = analyse(list, {
        by: 'programme',
        schedule: schedule.filter((_, i) => i % 3 !== 2),
      });
      for (const stream of streams)
        addsUp(
          stream,
          cuts.filter((c) => c.streamId === stream.streamId),
        );
    });
    fc.assert(property, { numRuns: 300, seed: 6 });
  });

  it('add up over a time cut in two', () => {
    const property = fc.property(facts, fc.integer({ min: 0, max: 5 * HOUR }), (list, cutMs) => {
      const at = new Date(EIGHT + cutMs).toISOString();
      addsUp(analyse(list).all, [analyse(list, { to: at }).all, analyse(list, { from: at }).all]);
    });
    fc.assert(property, { numRuns: 300, seed: 6 });
  });

  it('are never more than wall time', () => {
    check((list) => {
      const { streams, cuts } = analyse(list, { by: 'hour' });
      for (const { brands, screenMs } of streams) {
        for (const b of brands) assert.ok(b.exposureMs <= Date.parse(b.last) - Date.parse(b.first) + 0.1);
        const [first, last] = [
          brands.map((b) => b.first).sort()[0]!,
          brands
            .map((b) => b.last)
            .sort()
            .at(-1)!,
        ];
        assert.ok(screenMs <= Date.parse(last) - Date.parse(first) + 0.1);
      }
      for (const { brands, screenMs } of cuts) {
        assert.ok(screenMs <= HOUR + 0.1);
        for (const b of brands) assert.ok(b.exposureMs <= screenMs + 0.1);
      }
    });
  });

  it('have parts that are the whole', () => {
    check((list) => {
      const { all, streams, cuts } = analyse(list, { by: 'hour' });
      for (const scope of [all, ...streams, ...cuts]) {
        same(sum(scope.simultaneousMs), scope.screenMs);
        for (const b of scope.brands) {
          same(b.solusMs + b.sharedMs, b.exposureMs);
          same(b.solusMs, b.simultaneousMs[0]!);
          for (const parts of [b.simultaneousMs, b.bandsMs, b.positionMs]) same(sum(parts), b.exposureMs);
          assert.ok(b.qualityMs <= b.exposureMs + 0.1);
          for (const share of [b.areaMean, b.centrality, b.clarity, b.coverage])
            assert.ok(share === null || (share >= -1e-9 && share <= 1 + 1e-9), String(share));
        }
        const shares = scope.brands.map((b) => b.shareOfVoice);
        if (scope.exposureMs === 0) assert.ok(shares.every((s) => s === null));
        else assert.ok(Math.abs(sum(shares.map((s) => s ?? 0)) - 1) < 1e-9);
        for (const { labels, togetherMs } of scope.pairs)
          for (const label of labels)
            assert.ok(togetherMs <= scope.brands.find((b) => b.label === label)!.sharedMs + 0.1);
      }
    });
  });

  it('give the same in any order', () => {
    const property = fc.property(
      facts.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([list, other]) => assert.deepEqual(analyse(other, { by: 'hour' }), analyse(list, { by: 'hour' })),
    );
    fc.assert(property, { numRuns: 300, seed: 6 });
  });

  it('give what the plain report of each brand by itself gives', () => {
    check((list) => {
      const rows = analyse(list).streams.flatMap(({ streamId, brands }) =>
        brands.map((b) => ({ ...b, streamId: streamId! })),
      );
      const plain = exposureReport(list);
      assert.equal(rows.length, plain.length);
      plain.forEach((row, i) => {
        const { streamId, label, appearances, exposureMs, coverage, first, last } = rows[i]!;
        assert.deepEqual(
          [streamId, label, appearances, first, last],
          [row.streamId, row.label, row.appearances, row.first, row.last],
        );
        same(exposureMs, row.exposureMs);
        assert.ok(coverage === row.coverage || Math.abs(coverage! - row.coverage!) < 1e-9);
      });
    });
  });

  it('are whole in JSON', () => {
    check((list) => {
      const analysis = analyse(list, { by: 'hour' });
      assert.deepEqual(JSON.parse(JSON.stringify(analysis)), analysis);
    });
  });
});
