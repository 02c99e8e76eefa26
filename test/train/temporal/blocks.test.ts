import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMOOTHING_DEFAULTS } from '../../../src/infer/smooth/parameters.js';
import { tailLevel, tailRate } from '../../../src/infer/smooth/tail.js';
import { blockLength, inBlocks, peaksOf } from '../../../src/train/temporal/blocks.js';
import { evidenceSeries } from '../../../src/train/temporal/series.js';
import { fitTails } from '../../../src/train/temporal/tails.js';
import { CORNER, found, marbles } from '../../infer/temporal-marbles.js';

const times = (n: number) => Float64Array.from({ length: n }, (_, i) => i * 200_000);

test('rises nearer together than the gap are one, with the highest value and its place', () => {
  const series = Float32Array.from([0, 2, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 0]);
  assert.deepEqual(
    peaksOf(times(14), series, 1_000_000).map((p) => [p.peak, p.atUs, p.frame]),
    [
      [5, 400_000, 2],
      [1, 2_400_000, 12],
    ],
  );
});

test('every block of observed time is there, empty ones too', () => {
  const peaks = [
    { peak: 3, atUs: 0 },
    { peak: 4, atUs: 4_900_000 },
    { peak: 5, atUs: 12_000_000 },
  ];
  assert.deepEqual(inBlocks(peaks, 5, 20_000_000), [[3, 4], [], [5], []]);
});

test('blocks grow with the time over which evidence is correlated', () => {
  const series = (stay: number) => {
    const sums = Float32Array.from({ length: 6000 }, (_, i) => (Math.floor(i / stay) % 7 === 0 ? 5 : 0));
    return { ptsUs: times(6000), sums: new Map([['a', sums]]), observedUs: 1.2e9 };
  };
  const [short, long] = [blockLength(series(1)), blockLength(series(60))];
  assert.equal(short.blockS, 5);
  assert.ok(long.correlationS > 3 && long.blockS > 9, JSON.stringify(long));
});

test('the series is what the reducer’s own sums do, with nothing ever opened', () => {
  const smoothing = { ...SMOOTHING_DEFAULTS, onset: { a: { driftLlr: 2, thresholdLlr: 1 } } };
  const records = marbles('(--aaaaaa---|', { frames: { a: [found('a', CORNER, 4)] } });
  const { ptsUs, sums, observedUs } = evidenceSeries(records, ['a', 'b'], smoothing);
  // 2 nats a frame above the drift, from the third frame on; then 1 nat less each frame, and 0 after a track's end.
  assert.deepEqual([...sums.get('a')!], [0, 0, 0, 0, 6, 8, 10, 12, 11, 10, 9]);
  assert.ok(sums.get('b')!.every((v) => v === 0));
  assert.equal(ptsUs.length, 11);
  assert.equal(observedUs, 2_200_000);
});

test('a tail gives back the rate of its peaks, and a brand without any a share of the others’', () => {
  const scale = 2;
  const blocks = Array.from({ length: 400 }, (_, i) => [-scale * Math.log((i + 0.5) / 400)]);
  const tails = fitTails(
    new Map([
      ['a', blocks],
      ['b', blocks.map(() => [])],
    ]),
    10,
    3,
  );
  const a = tails.get('a')!;
  // 400 peaks in 10 h, e^-(6 / 2) of them above 6; drawn half way to the mean of the two brands: three quarters.
  assert.ok(Math.abs(tailRate(a, 6) / (30 * Math.exp(-3)) - 1) < 0.25, String(tailRate(a, 6)));
  assert.ok(Math.abs(tailLevel(a, 0.4) - scale * Math.log(75)) < 1.5, String(tailLevel(a, 0.4)));
  assert.ok(Math.abs(tails.get('b')!.perHour / a.perHour - 1 / 3) < 0.03);
});
