import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DetectionRecord } from '../../../src/core/detection.js';
import { smoothingFor } from '../../../src/infer/model/onset.js';
import { SMOOTHING_DEFAULTS } from '../../../src/infer/smooth/parameters.js';
import { reduceAppearances, TEMPORAL_DEFAULTS } from '../../../src/infer/temporal/appearance-reducer.js';
import { initialState } from '../../../src/infer/temporal/state.js';
import { calibrateTemporal } from '../../../src/train/temporal/calibrate-temporal.js';
import { footage, type LookAlikes } from './footage.js';

const labels = ['often', 'seldom', 'never'];
/** Look-alikes that stand for a while at a level that they keep: what a sum over frames takes for certainty. */
const often: LookAlikes = { perHour: 120, mean: 1.8, spread: 0.8, noise: 0.8, staysS: 2 };
const brands = { often, seldom: { ...often, perHour: 10 } };
const logoLevels = () => [4, 6, 8];

function openings(records: readonly DetectionRecord[], smoothing: object): number {
  const parameters = { ...TEMPORAL_DEFAULTS, smoothing: { ...SMOOTHING_DEFAULTS, ...smoothing } };
  let state = initialState('tv');
  let opened = 0;
  for (const record of records) {
    const step = reduceAppearances(state, record, parameters);
    state = step.state;
    opened += step.events.filter((e) => e.state === 'started').length;
  }
  return opened;
}

const calibrate = (hours: number, falsePerHour: number, of = brands) =>
  calibrateTemporal({
    records: footage(hours, of, 1),
    labels,
    falsePerHour,
    footage: 'video',
    logoLevels,
    createdAt: '2026-01-01T00:00:00Z',
  }).temporal;

/** Today's sum as it was: no drift, the threshold of Lorden's bound. */
const defaultsWithoutGate = {
  onset: Object.fromEntries(labels.map((l) => [l, { driftLlr: 0, thresholdLlr: Math.log(3 * 18_000) }])),
};

test('fresh footage gives about the wanted rate, where a sum of log-likelihood ratios gives many times as much', () => {
  const temporal = calibrate(1.5, 1);
  const fresh = footage(4, brands, 2);
  const before = openings(fresh, defaultsWithoutGate) / 4;
  const after = openings(fresh, smoothingFor({ labels, temporal })) / 4;
  assert.ok(before > 10, `${before} an hour by Lorden's threshold`);
  assert.ok(after <= 3 && after < before / 5, `${after} an hour, calibrated for 1`);
  assert.ok(temporal.expectedPerHourInterval[0] <= 1 && temporal.expectedPerHourInterval[1] >= 0.3);
  assert.ok(temporal.provedPerHour >= 3 / temporal.hours - 0.01);
});

test('a brand with more look-alikes gets the stricter test', () => {
  const { brands: found } = calibrate(1, 0.5);
  const [first, second, third] = found.map((b) => b.thresholdLlr);
  assert.ok(first! > second! && second! >= third!, JSON.stringify(found));
});

test('the footage and what it proves are told', () => {
  const temporal = calibrate(0.5, 0.1, { often: { ...often, perHour: 1e-9 }, seldom: brands.seldom });
  assert.equal(temporal.frames, 9000);
  assert.ok(Math.abs(temporal.hours - 0.5) < 1e-3);
  assert.equal(temporal.intervalMs, 200);
  assert.equal(temporal.openings, 0);
  assert.ok(Math.abs(temporal.provedPerHour - 2.9957 / 0.5) < 0.02);
  assert.ok(temporal.blocks * temporal.blockS >= 1800);
});

test('silence without a single rise still gives a test, about as strict as the one by default', () => {
  const temporal = calibrate(0.5, 0.1, {
    often: { ...often, perHour: 1e-9 },
    seldom: { ...often, perHour: 1e-9 },
  });
  assert.equal(temporal.peaks, 0);
  for (const { driftLlr, thresholdLlr } of temporal.brands) {
    assert.ok(driftLlr <= 2, String(driftLlr));
    assert.ok(thresholdLlr > 9 && thresholdLlr < 20, String(thresholdLlr));
  }
});

test('another wanted rate moves the thresholds along the tails', () => {
  const temporal = calibrate(1, 1);
  const own = (falsePerHour: number) => smoothingFor({ labels, temporal }, { falsePerHour }).onset!;
  for (const label of labels) {
    assert.ok(own(0.1)[label]!.thresholdLlr >= own(1)[label]!.thresholdLlr);
    assert.ok(own(1)[label]!.thresholdLlr >= own(10)[label]!.thresholdLlr);
  }
  assert.deepEqual(own(1), smoothingFor({ labels, temporal }).onset);
  assert.equal(smoothingFor({ labels, temporal }, { minFrames: 5 }).minFrames, 5);
  assert.deepEqual(smoothingFor({ labels }), { brands: 3 });
});

test('nothing watched is an error, not a threshold', () => {
  assert.throws(
    () =>
      calibrateTemporal({
        records: [],
        labels,
        falsePerHour: 0.1,
        footage: 'video',
        logoLevels,
        createdAt: '',
      }),
    /Nothing was watched/,
  );
});
