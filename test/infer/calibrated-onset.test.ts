import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMOOTHING_DEFAULTS } from '../../src/infer/smooth/parameters.js';
import { TEMPORAL_DEFAULTS } from '../../src/infer/temporal/appearance-reducer.js';
import { discountRivals } from '../../src/infer/temporal/rivals.js';
import { CORNER, found, MIDDLE, marbles, play, spans } from './temporal-marbles.js';

const calibrated = (driftLlr: number, thresholdLlr: number) => ({
  ...TEMPORAL_DEFAULTS,
  smoothing: { ...SMOOTHING_DEFAULTS, onset: { a: { driftLlr, thresholdLlr } } },
});
/** w: a weak mark, 1.5 nats; m: a middling one, 3.5 nats, without one confident frame among them. */
const unsure = (llr: number, box = CORNER) => ({ ...found('a', box, llr), confident: false });
const frames = { w: [unsure(1.5)], m: [unsure(3.5)] };
const eventsOf = (text: string, driftLlr: number, thresholdLlr: number) =>
  play(marbles(text, { frames }), calibrated(driftLlr, thresholdLlr)).events;

test('a look-alike under the drift never opens, however long it stands', () => {
  assert.deepEqual(eventsOf(`(${'w'.repeat(300)}|`, 2, 6), []);
  // Without drift the same evidence adds up to certainty.
  assert.equal(eventsOf(`(${'w'.repeat(300)}|`, 0, 15)[0]?.state, 'started');
});

test('what is above the drift opens at the calibrated threshold, and needs no confident frame', () => {
  // 1.5 nats a frame above the drift: four frames for 6 nats.
  assert.deepEqual(eventsOf('(mmm', 2, 6), []);
  assert.equal(eventsOf('(mmmm', 2, 6).length, 1);
  // Never in fewer than minFrames, whatever the threshold.
  assert.deepEqual(eventsOf('(mm', 0, 1), []);
});

test('the start is dated back to the first weak sight, not to where the test began to rise', () => {
  assert.deepEqual(spans(eventsOf('(--wwwwmmmmm------|', 2, 6)), ['a 400-2200 gone 1800']);
});

test('a brand without a calibration keeps the test by default', () => {
  const other = { frames: { n: [{ ...found('b', MIDDLE, 3.5), confident: false }] } };
  assert.deepEqual(play(marbles(`(${'n'.repeat(50)}|`, other), calibrated(2, 6)).events, []);
  assert.equal(play(marbles('(bbbbbb'), calibrated(2, 6)).events.length, 1);
});

test('one mark is of one brand: the weaker claim loses what the stronger one explains', () => {
  const [strong, weak] = discountRivals([found('b', CORNER, 8), found('a', CORNER, 5)]);
  // 5 - ln(1 + 0.01 e^8) and 8 - ln(1 + 0.01 e^5).
  assert.ok(Math.abs((weak?.llr ?? 0) - 1.573) < 1e-3, String(weak?.llr));
  assert.ok(Math.abs((strong?.llr ?? 0) - 7.091) < 1e-3, String(strong?.llr));
  assert.equal(weak?.confident, false);
  assert.ok((weak?.score ?? 1) < 0.1);
});

test('rivals are of the same place and of another brand', () => {
  const apart = [found('a', CORNER), found('b', MIDDLE)];
  assert.deepEqual(discountRivals(apart), apart);
  const twice = [found('a', CORNER), found('a', CORNER, 3)];
  assert.deepEqual(discountRivals(twice), twice);
  assert.deepEqual(discountRivals([]), []);
});

test('a mark of one brand does not open its look-alike, which alone would', () => {
  const both = { frames: { c: [found('b', CORNER, 9), found('a', CORNER, 4)], a: [found('a', CORNER, 4)] } };
  assert.deepEqual(spans(play(marbles('(cccccccccc-------|', both)).events), ['b 0-2000 gone 2000']);
  assert.deepEqual(spans(play(marbles('(aaaaaaaaaa-------|', both)).events), ['a 0-2000 gone 2000']);
});
