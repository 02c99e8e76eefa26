import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventMetrics } from '../../../src/train/evaluate-events/metrics.js';
import type { FoundSpan } from '../../../src/train/evaluate-events/spans.js';

const t = (label: string, start: number, end: number) => ({ label, start, end });
const f = (label: string, start: number, end: number, reportedAt = start + 1): FoundSpan => ({
  label,
  start,
  end,
  reportedAt,
});

test('one video counted by hand', () => {
  const metrics = eventMetrics([
    {
      duration: 1800,
      truth: [t('a', 10, 20), t('a', 40, 50), t('b', 10, 30)],
      // a: one hit (tIoU 0.8), one cut short (0.3); b: hit (exactly 0.5); c: false; a at 100: false.
      found: [f('a', 11, 19, 12.5), f('a', 40, 43), f('b', 10, 20, 11), f('c', 5, 6), f('a', 100, 101)],
    },
  ]);
  assert.deepEqual([metrics.truth, metrics.found, metrics.hits, metrics.partial], [3, 5, 2, 1]);
  assert.equal(metrics.precision, 2 / 5);
  assert.equal(metrics.recall, 2 / 3);
  assert.ok(Math.abs(metrics.f1 - 0.5) < 1e-12);
  assert.deepEqual([metrics.falseAppearances, metrics.falsePerHour], [2, 4]);
  // Two events in half an hour: Garwood's 0.2422 and 7.2247, one-sided 6.2958.
  assert.ok(Math.abs(metrics.falsePerHourInterval[0] - 0.4844) < 1e-3);
  assert.ok(Math.abs(metrics.falsePerHourInterval[1] - 14.4494) < 1e-3);
  assert.ok(Math.abs(metrics.falsePerHourUpper - 12.5916) < 1e-3);
  assert.deepEqual([metrics.onsetLatencyMedian, metrics.onsetLatencyP95], [1, 2.5]);
  assert.equal(metrics.startErrorMedian, 0);
  // a: 12 of 20 s, b: 10 of 20 s, c: 1 of 0 s.
  assert.ok(Math.abs((metrics.exposureError ?? 0) - 19 / 40) < 1e-12);
  assert.ok(Math.abs((metrics.exposureErrorOverall ?? 0) - 17 / 40) < 1e-12);
});

test('spans within the gap are one before anything is counted, on both sides', () => {
  const metrics = eventMetrics([
    {
      duration: 3600,
      truth: [t('a', 0, 4), t('a', 5, 9), t('a', 10.5, 12)],
      found: [f('a', 0, 2, 0.8), f('a', 2.9, 9, 3.5), f('a', 10.1, 12)],
    },
  ]);
  assert.deepEqual([metrics.truth, metrics.found, metrics.hits], [2, 2, 2]);
  // 0.8 s for the first two together, 11.1 - 10.5 s for the last: the lower of the two is the median.
  assert.ok(Math.abs((metrics.onsetLatencyMedian ?? 0) - 0.6) < 1e-9);
});

test('an appearance is matched once, and a split one hits only where a part is enough', () => {
  const both = eventMetrics([{ duration: 60, truth: [t('a', 0, 4), t('a', 6, 10)], found: [f('a', 0, 10)] }]);
  assert.deepEqual([both.hits, both.falseAppearances, both.partial], [0, 0, 2]);
  const split = eventMetrics([
    { duration: 60, truth: [t('a', 0, 10)], found: [f('a', 0, 3), f('a', 5, 10)] },
  ]);
  assert.deepEqual([split.hits, split.found, split.precision], [1, 2, 0.5]);
});

test('silence is perfect on silent video, and says what it proves', () => {
  const metrics = eventMetrics([
    { duration: 5400, truth: [], found: [] },
    { duration: 5400, truth: [], found: [] },
  ]);
  assert.deepEqual([metrics.precision, metrics.recall, metrics.falsePerHour], [1, 1, 0]);
  assert.ok(Math.abs(metrics.falsePerHourUpper - 2.9957 / 3) < 1e-3);
  assert.equal(metrics.exposureError, null);
  assert.equal(metrics.onsetLatencyMedian, null);
});
