import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PtsRebaser } from '../../src/ingest/rebase.js';

const S = 1_000_000;
const run = (pts: (number | undefined)[], rebaser = new PtsRebaser(200_000)) =>
  pts.map((us) => rebaser.next(us));
const times = (pts: (number | undefined)[]) => run(pts).map(({ ptsUs }) => ptsUs);

it('starts at 0 wherever the source starts', () => {
  assert.deepEqual(times([95_443 * S, 95_443 * S + 200_000]), [0, 200_000]);
  assert.deepEqual(times([-S, 0]), [0, S]);
});

it('reports a step back, goes on by one interval, and keeps later steps', () => {
  const [, , jump, next] = run([100 * S, 101 * S, 5 * S, 5 * S + 400_000]);
  assert.deepEqual(jump, { ptsUs: 1_200_000, jump: { reason: 'pts-jump', missingUs: 0 } });
  assert.deepEqual(next, { ptsUs: 1_600_000 });
});

it('reports a step forward of more than 10 s, and only that', () => {
  assert.deepEqual(run([0, 10 * S])[1], { ptsUs: 10 * S });
  assert.deepEqual(run([0, 10 * S + 1])[1], { ptsUs: 200_000, jump: { reason: 'pts-jump', missingUs: 0 } });
  assert.deepEqual(run([0, 60 * S], new PtsRebaser(200_000, Number.POSITIVE_INFINITY))[1], { ptsUs: 60 * S });
});

it('evens out a small correction, and the same PTS twice, without a report', () => {
  const corrected = run([194_000, -6_000, 194_000]);
  assert.deepEqual(corrected, [{ ptsUs: 0 }, { ptsUs: 200_000 }, { ptsUs: 400_000 }]);
  assert.deepEqual(times([S, S]), [0, 200_000]);
});

it('carries frames without a PTS on, first ones too', () => {
  assert.deepEqual(times([undefined, undefined, 50 * S, undefined]), [0, 200_000, 400_000, 600_000]);
});
