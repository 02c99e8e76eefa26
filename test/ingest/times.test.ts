import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ArrivalClock } from '../../src/ingest/times.js';

const EPOCH = 1_700_000_000_000;

it('takes the fastest frame as the nearest to the truth', () => {
  const clock = new ArrivalClock();
  for (const [i, delayMs] of [900, 120, 80, 400].entries())
    clock.observe(i * 200_000, EPOCH + i * 200 + delayMs);
  assert.deepEqual(clock.wallTime(600_000), { wallTimeMs: EPOCH + 680, clock: 'arrival' });
});

it('is not moved by a stall', () => {
  const clock = new ArrivalClock();
  clock.observe(0, EPOCH);
  clock.observe(200_000, EPOCH + 5_200);
  assert.equal(clock.wallTime(200_000).wallTimeMs, EPOCH + 200);
});

it('follows a source whose clock runs slow', () => {
  const clock = new ArrivalClock();
  const seconds = 3_600;
  for (let s = 0; s <= seconds; s += 1) clock.observe(s * 1_000_000, EPOCH + s * 1_001);
  const error = EPOCH + seconds * 1_001 - clock.wallTime(seconds * 1_000_000).wallTimeMs;
  assert.ok(error >= 0 && error <= 600, `${error} ms behind after an hour of 0.1 % drift`);
});

it('forgets what was before a jump', () => {
  const clock = new ArrivalClock();
  clock.observe(0, EPOCH);
  clock.reset(200_000);
  clock.observe(200_000, EPOCH + 60_200);
  assert.equal(clock.wallTime(200_000).wallTimeMs, EPOCH + 60_200);
});
