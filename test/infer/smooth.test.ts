import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CUSUM_ZERO,
  cusumOpens,
  cusumStep,
  cusumThreshold,
  evidenceOf,
} from '../../src/infer/smooth/cusum.js';
import { hmmStep } from '../../src/infer/smooth/hmm.js';
import { SMOOTHING_DEFAULTS as defaults } from '../../src/infer/smooth/parameters.js';

test('the threshold is the logarithm of looks per wanted false alarm', () => {
  assert.ok(Math.abs(cusumThreshold(125, { ...defaults, brands: 10 }) - 14.87) < 0.01);
  assert.ok(cusumThreshold(200, { ...defaults, falsePerHour: 10 }) < cusumThreshold(200, defaults));
  // Looks nearer together than the decorrelation time do not count as more looks.
  assert.equal(cusumThreshold(40, defaults), cusumThreshold(100, defaults));
});

test('evidence is clipped, scaled, thinned, and never NaN', () => {
  assert.equal(evidenceOf(50, 200, defaults), 3);
  assert.equal(evidenceOf(Number.POSITIVE_INFINITY, 200, defaults), 3);
  assert.equal(evidenceOf(-50, 200, defaults), -3);
  assert.equal(evidenceOf(Number.NaN, 200, defaults), 0);
  assert.equal(evidenceOf(2, 200, { ...defaults, llrScale: 0.5 }), 1);
  assert.ok(Math.abs(evidenceOf(2, 40, defaults) - 0.8) < 1e-12);
});

test('the sum never falls under zero, and zero forgets the frames', () => {
  let state = CUSUM_ZERO;
  for (const evidence of [3, 3, -1, -9]) state = cusumStep(state, evidence);
  assert.deepEqual(state, CUSUM_ZERO);
  state = [2, -1, 2].reduce(cusumStep, state);
  assert.deepEqual(state, { sum: 3, frames: 2 });
});

test('however strong, too few frames do not open', () => {
  const generous = { ...defaults, llrClip: 100 };
  const two = [100, 100].reduce(cusumStep, CUSUM_ZERO);
  assert.equal(cusumOpens(two, 200, generous), false);
  assert.equal(cusumOpens(cusumStep(two, 100), 200, generous), true);
});

test('the mean time between false alarms keeps its bound on evidence that tells nothing', () => {
  // Calibrated scores of two normal distributions d apart: llr = d x - d^2 / 2, no logo: x ~ N(0, 1).
  let s = 12345;
  const uniform = () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const parameters = { ...defaults, brands: 1, falsePerHour: 18, llrClip: 100 };
  const frames = 2_000_000;
  let state = CUSUM_ZERO;
  let alarms = 0;
  for (let i = 0; i < frames; i++) {
    state = cusumStep(state, evidenceOf(1.5 * normal() - 1.125, 200, parameters));
    if (!cusumOpens(state, 200, parameters)) continue;
    alarms++;
    state = CUSUM_ZERO;
  }
  const perHour = alarms / ((frames * 0.2) / 3600);
  assert.ok(alarms > 10, 'a bound that nothing comes near proves nothing');
  assert.ok(perHour <= 18, `${perHour} an hour`);
});

test('the filter holds through weak frames, lets go in time, and forgets over a long pause', () => {
  const steps = (p: number, evidence: number, n: number) => {
    let pOn = p;
    for (let i = 0; i < n; i++) pOn = hmmStep(pOn, evidence, 200, defaults);
    return pOn;
  };
  const on = steps(0.5, 3, 10);
  assert.ok(on > 0.99);
  assert.ok(steps(on, -0.5, 3) > 0.5);
  assert.ok(steps(on, -3, 3) < 0.5);
  assert.ok(steps(on, -1, 20) < 0.01);
  const stationary = defaults.meanOnMs / (defaults.meanOnMs + defaults.meanOffMs);
  assert.ok(Math.abs(hmmStep(on, 0, 3_600_000, defaults) - stationary) < 1e-9);
  for (const p of [0, 1]) for (const e of [-3, 0, 3]) assert.ok(hmmStep(p, e, 0, defaults) >= 0);
});
