import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exposureAnalysis } from '../../src/exposure/analysis.js';
import { exposureSeries } from '../../src/web/exposure-series.js';
import { appearance } from './support.js';

const DAY = Date.parse('2026-01-01T00:00:00Z');

function seen(n: number, startMs: number, lengthMs: number, share: number, label: string, streamId: string) {
  return appearance(n, {
    ...{ label, streamId, startPtsMs: startMs, endPtsMs: startMs + lengthMs, exposureMs: lengthMs * share },
    startTime: new Date(DAY + startMs).toISOString(),
    endTime: new Date(DAY + startMs + lengthMs).toISOString(),
  });
}

describe('exposureSeries', () => {
  it('puts seconds where they were seen', () => {
    const range = { fromMs: DAY, toMs: DAY + 480_000 };
    const { times, bucketSeconds, brands } = exposureSeries(
      [seen(1, 5_000, 10_000, 0.5, 'acme', 'news')],
      range,
    );
    assert.deepEqual([bucketSeconds, times[1]], [10, DAY / 1000 + 10]);
    assert.deepEqual(brands[0]?.seconds.slice(0, 3), [2.5, 2.5, 0]);
  });

  it('adds up to the report, whatever the range', () => {
    const one = fc.tuple(
      fc.integer({ min: 0, max: 3_000_000 }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('acme', 'globex'),
      fc.constantFrom('news', 'sports'),
    );
    const range = fc
      .tuple(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 1_000, max: 2_000_000 }))
      .map(([from, length]) => ({ fromMs: DAY + from, toMs: DAY + from + length }));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), range, (all, { fromMs, toMs }) => {
        const facts = all.map((a, n) => seen(n, ...a));
        const { brands } = exposureSeries(facts, { fromMs, toMs });
        const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
        const report = exposureAnalysis(facts, { from, to });
        for (const { label, exposureMs } of report.all.brands) {
          const seconds = brands.find((b) => b.label === label)?.seconds.reduce((x, y) => x + y, 0) ?? 0;
          assert.ok(
            Math.abs(seconds - exposureMs / 1000) < 0.01,
            `${label}: ${seconds} against ${exposureMs}`,
          );
        }
      }),
      { numRuns: 200, seed: 6 },
    );
  });
});
