import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../../src/demo/random.js';
import { exposureDifference } from '../../src/exposure/difference.js';
import { clipToMedia, type ExposureFacts, LastRevisions } from '../../src/exposure/facts.js';
import { exposureReport } from '../../src/exposure/report.js';
import { timelineOf } from '../../src/exposure/timeline.js';
import { shown } from './facts.js';

const seconds = (appearances: readonly ExposureFacts[]): number =>
  exposureReport(appearances).reduce((sum, row) => sum + row.exposureMs, 0) / 1000;

describe('exposure', () => {
  it('adds up appearances apart from each other, by stream and brand', () => {
    const report = exposureReport([
      shown('1', 0, 10, { exposureMs: 8000, coverage: 0.5 }),
      shown('2', 20, 50),
      shown('3', 5, 6, { label: 'globex' }),
      shown('4', 0, 10, { streamId: 'sports' }),
    ]);
    assert.deepEqual(report, [
      {
        streamId: 'news',
        label: 'acme',
        appearances: 2,
        exposureMs: 38_000,
        // 10 s at 0.5 and 30 s at 1
        coverage: 0.875,
        first: '2026-01-01T20:00:00.000Z',
        last: '2026-01-01T20:00:50.000Z',
      },
      {
        streamId: 'news',
        label: 'globex',
        appearances: 1,
        exposureMs: 1000,
        coverage: 1,
        first: '2026-01-01T20:00:05.000Z',
        last: '2026-01-01T20:00:06.000Z',
      },
      {
        streamId: 'sports',
        label: 'acme',
        appearances: 1,
        exposureMs: 10_000,
        coverage: 1,
        first: '2026-01-01T20:00:00.000Z',
        last: '2026-01-01T20:00:10.000Z',
      },
    ]);
  });

  it('two marks of one brand at once count once', () => {
    assert.equal(seconds([shown('1', 0, 10), shown('2', 4, 12)]), 12);
    assert.equal(seconds([shown('1', 0, 10), shown('2', 2, 3)]), 10);
    const [row] = exposureReport([shown('1', 0, 10), shown('2', 4, 12), shown('3', 12, 13)]);
    assert.equal(row?.appearances, 2);
  });

  it('where they overlap the one that was seen more counts', () => {
    // 0 to 4 s at a half, 4 to 8 s at all of it, 8 to 10 s at a half.
    assert.equal(seconds([shown('1', 0, 10, { exposureMs: 5000 }), shown('2', 4, 8)]), 2 + 4 + 1);
    // The same programme read twice, once with frames missing.
    assert.equal(seconds([shown('1', 0, 10), shown('2', 0, 10, { session: 's2', exposureMs: 9000 })]), 10);
  });

  it('holes inside an appearance do not count', () => {
    assert.equal(seconds([shown('1', 0, 60, { exposureMs: 12_500 })]), 12.5);
  });

  it('an appearance of no length adds nothing but is one', () => {
    const [row] = exposureReport([shown('1', 3, 3, { exposureMs: 0 })]);
    assert.deepEqual([row?.appearances, row?.exposureMs, row?.coverage], [1, 0, null]);
  });

  it('the last revision counts, in whatever order they come', () => {
    const last = new LastRevisions();
    for (const [revision, end] of [
      [1, 8],
      [2, 12],
      [0, 4],
    ] as const)
      last.add({ ...shown('1', 0, end), revision });
    assert.equal(seconds(last.appearances), 12);
  });

  it('a part of an appearance has its share of what was seen', () => {
    const half = clipToMedia(shown('1', 10, 20, { exposureMs: 8000 }), { startMs: 15_000, endMs: 40_000 });
    assert.deepEqual(
      [half?.startPtsMs, half?.endPtsMs, half?.exposureMs, half?.startTime],
      [15_000, 20_000, 4000, '2026-01-01T20:00:15.000Z'],
    );
    assert.equal(clipToMedia(shown('1', 10, 20), { startMs: 20_000, endMs: 30_000 }), undefined);
  });

  it('the difference of two reports has every brand of either', () => {
    const before = exposureReport([shown('1', 0, 10), shown('2', 0, 5, { label: 'globex' })]);
    const after = exposureReport([shown('1', 1, 10), shown('3', 0, 2, { label: 'hooli' })]);
    assert.deepEqual(
      exposureDifference(before, after).map((d) => [
        d.label,
        d.beforeMs,
        d.afterMs,
        d.differenceMs,
        d.appearancesBefore,
        d.appearancesAfter,
      ]),
      [
        ['acme', 10_000, 9000, -1000, 1, 1],
        ['globex', 5000, 0, -5000, 1, 0],
        ['hooli', 0, 2000, 2000, 0, 1],
      ],
    );
  });
});

describe('exposure of any appearances', () => {
  const numbers = new Random(11);
  const random = () => numbers.next();
  const any = (): ExposureFacts[] =>
    Array.from({ length: 1 + Math.floor(random() * 12) }, (_, i) => {
      const start = Math.floor(random() * 60_000) / 1000;
      const end = start + Math.floor(1 + random() * 20_000) / 1000;
      const over = { exposureMs: (end - start) * 1000 * random(), coverage: random() };
      return shown(String(i), start, end, { ...over, label: random() < 0.5 ? 'acme' : 'globex' });
    });
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-3, `${a} and ${b}`);

  it('is never more than wall time, nor than what each says, nor less than the greatest of them', () => {
    for (let n = 0; n < 300; n++) {
      const appearances = any();
      for (const row of exposureReport(appearances)) {
        const own = appearances.filter((a) => a.label === row.label).map((a) => a.exposureMs);
        assert.ok(row.exposureMs <= Date.parse(row.last) - Date.parse(row.first) + 1e-3);
        assert.ok(row.exposureMs <= own.reduce((a, b) => a + b, 0) + 1e-3);
        assert.ok(row.exposureMs >= Math.max(...own) - 1e-3);
      }
    }
  });

  it('does not depend on their order', () => {
    for (let n = 0; n < 300; n++) {
      const appearances = any();
      assert.deepEqual(exposureReport(numbers.shuffle(appearances)), exposureReport(appearances));
    }
  });

  it('is the same sum for a stream cut in two', () => {
    for (let n = 0; n < 300; n++) {
      const appearances = any();
      const cutMs = Math.floor(random() * 80_000);
      const part = (startMs: number, endMs: number) =>
        appearances.flatMap((a) => clipToMedia(a, { startMs, endMs }) ?? []);
      const [before, after] = [part(0, cutMs), part(cutMs, Number.POSITIVE_INFINITY)];
      near(seconds(before) + seconds(after), seconds(appearances));
    }
  });

  it('has segments in order that do not overlap', () => {
    for (let n = 0; n < 300; n++) {
      const { segments } = timelineOf(any());
      segments.forEach((s, i) => {
        assert.ok(s.endMs > s.startMs && s.share >= 0 && s.share <= 1);
        assert.ok(i === 0 || s.startMs >= segments[i - 1]!.endMs);
      });
    }
  });
});
