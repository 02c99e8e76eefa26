import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { byMediaTime, byWallClock, compareWithTruth, type WatchStats } from '../../src/demo/report.js';
import { formatComparison } from '../../src/demo/report-text.js';
import type { BroadcastTruth } from '../../src/demo/truth.js';
import { makeEvent } from '../sink/events.js';

const STATS: WatchStats = { frames: 150, seconds: 30, dropped: 2, ageP50Ms: 40.4, ageP95Ms: 90 };
const span = (label: string, start: number, end: number) => ({ label, start, end, width: 0.2 });

const TRUTH: BroadcastTruth = {
  duration: 30,
  spans: [span('a', 2, 6), span('b', 10, 14), span('a', 20, 25)],
  flashes: [span('c', 8, 8.04)],
};

function found(id: string, label: string, start: number, end: number, over: Partial<Appearance> = {}) {
  return makeEvent(id, 2, 'ended', {
    label,
    startPtsMs: start * 1000,
    endPtsMs: end * 1000,
    exposureMs: (end - start) * 1000,
    ...over,
  });
}

test('hand-computed: one found late, one missed, one split, a flash and a phantom reported', () => {
  const c = compareWithTruth(
    TRUTH,
    [
      makeEvent('1', 0, 'started', { label: 'a', startPtsMs: 3000, endPtsMs: 3400 }),
      found('1', 'a', 3, 7, { exposureMs: 3000 }),
      makeEvent('2', 0, 'started', { label: 'a', startPtsMs: 20_000, endPtsMs: 20_600 }),
      found('2', 'a', 20, 22),
      makeEvent('3', 0, 'started', { label: 'a', startPtsMs: 23_000, endPtsMs: 23_400 }),
      found('3', 'a', 23, 25),
      found('4', 'c', 7.8, 8.2),
      found('5', 'd', 28, 29),
    ],
    STATS,
  );
  assert.deepEqual(
    c.rows.map((r) => [r.truth.label, r.truth.start, r.found.map((f) => f.id)]),
    [
      ['a', 2, ['1']],
      ['b', 10, []],
      ['a', 20, ['2', '3']],
    ],
  );
  // 3..6 of 2..7; nothing; 4 of 5 seconds.
  assert.deepEqual(
    c.rows.map((r) => Math.round(r.iou * 1000) / 1000),
    [0.6, 0, 0.8],
  );
  const rounded = c.rows.map((r) => r.onsetLatency && Math.round(r.onsetLatency * 1000) / 1000);
  assert.deepEqual(rounded, [1.4, null, 0.6]);
  assert.equal(c.onsetLatencyMedian?.toFixed(6), '1.000000');
  assert.equal(c.missed, 1);
  assert.equal(c.split, 1);
  assert.deepEqual(
    c.falseAppearances.map((f) => [f.found.id, f.reason]),
    [
      ['4', 'flash'],
      ['5', 'nothing-there'],
    ],
  );
  assert.deepEqual([c.flashes, c.flashesReported], [1, 1]);
  assert.deepEqual(
    c.exposure.map((e) => [e.label, e.truth, Math.round(e.found * 1000) / 1000]),
    [
      ['a', 9, 7],
      ['b', 4, 0],
      ['c', 0, 0.4],
      ['d', 0, 1],
    ],
  );
  // |8.4 - 13| / 13
  assert.equal(c.exposureError?.toFixed(4), '0.3538');
});

test('the wrong brand at the right time is both missed and false', () => {
  const c = compareWithTruth(TRUTH, [found('1', 'b', 2, 6)], STATS);
  assert.equal(c.missed, 3);
  assert.equal(c.falseAppearances.length, 1);
});

test('one appearance over two truths belongs to the one it covers more', () => {
  const c = compareWithTruth(TRUTH, [found('1', 'a', 4, 25)], STATS);
  assert.deepEqual(
    c.rows.map((r) => r.found.length),
    [0, 0, 1],
  );
});

test('revisions of an id count once, by the last one, in any order', () => {
  const events = [found('1', 'a', 2, 6), makeEvent('1', 1, 'ongoing', { label: 'a', endPtsMs: 3000 })];
  const c = compareWithTruth(TRUTH, events, STATS);
  assert.equal(c.rows[0]?.iou, 1);
  assert.equal(c.rows[0]?.found.length, 1);
});

test('media time is shifted by what was not watched, and truth outside is left out', () => {
  const c = compareWithTruth(TRUTH, [found('1', 'b', 6, 10)], STATS, {
    toBroadcastTime: byMediaTime(4),
    watched: { start: 4, end: 20.1 },
  });
  assert.deepEqual(
    c.rows.map((r) => [r.truth.label, r.truth.start, r.truth.end, r.iou]),
    [
      ['a', 4, 6, 0],
      ['b', 10, 14, 1],
    ],
  );
});

test('wall clock', () => {
  const event = found('1', 'b', 0, 4, {
    startTime: '2026-01-01T00:00:10.500Z',
    endTime: '2026-01-01T00:00:14.500Z',
  });
  const c = compareWithTruth(TRUTH, [event], STATS, {
    toBroadcastTime: byWallClock(Date.parse('2026-01-01T00:00:00.500Z')),
  });
  assert.equal(c.rows[1]?.iou, 1);
});

test('nothing watched, nothing found', () => {
  const stats = { frames: 0, seconds: 0, dropped: 0, ageP50Ms: null, ageP95Ms: null };
  const c = compareWithTruth({ duration: 0, spans: [], flashes: [] }, [], stats);
  assert.deepEqual(
    [c.missed, c.split, c.exposureError, c.onsetLatencyMedian, c.falseAppearances.length],
    [0, 0, null, null, 0],
  );
  assert.match(formatComparison(c), /found 0 of 0 appearances/);
});

test('the table as it is printed', () => {
  const c = compareWithTruth(TRUTH, [found('1', 'a', 2, 6), found('4', 'c', 7.8, 8.2)], STATS);
  assert.equal(
    formatComparison(c),
    `brand    truth (s)  found (s)  overlap  onset
-----  -----------  ---------  -------  -----
a        2.0 - 6.0  2.0 - 6.0    100 %  0.0 s
b      10.0 - 14.0     missed        -      -
a      20.0 - 25.0     missed        -      -

brand  exposure: truth  found  difference
-----  ---------------  -----  ----------
a                9.0 s  4.0 s      -5.0 s
b                4.0 s  0.0 s      -4.0 s
c                0.0 s  0.4 s       0.4 s

false: c from 7.8 s to 8.2 s (a single frame of it was shown)
found 1 of 3 appearances, 0 split, 1 false; 1 of 1 single-frame blinks reported
exposure error 66 %, onset latency 0.0 s (median)
150 frames watched (5.0/s), 2 dropped, frame age p50 40 ms p95 90 ms
`,
  );
});
