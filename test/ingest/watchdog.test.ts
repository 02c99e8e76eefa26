import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Watchdog } from '../../src/ingest/watchdog.js';

it('fires once after the limit, not while it is petted, never when stopped', async () => {
  let stalls = 0;
  const watchdog = new Watchdog(() => {
    stalls += 1;
  });
  for (let i = 0; i < 6; i += 1) {
    watchdog.pet(250);
    await delay(50);
  }
  assert.equal(stalls, 0);
  await delay(400);
  assert.equal(stalls, 1);
  watchdog.pet(50);
  watchdog.stop();
  await delay(100);
  assert.equal(stalls, 1);
});

it('takes a shorter limit than the one it waits for', async () => {
  const watchdog = new Watchdog(() => resolve(performance.now() - started));
  let resolve: (ms: number) => void = () => {};
  const fired = new Promise<number>((done) => {
    resolve = done;
  });
  const started = performance.now();
  watchdog.pet(60_000);
  watchdog.pet(50);
  assert.ok((await fired) < 10_000);
});
