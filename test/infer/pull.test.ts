import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { concatMap, lastValueFrom, tap, toArray } from 'rxjs';
import { Pull } from '../../src/infer/pull.js';

test('no more is asked for than is under way', async () => {
  let asked = 0;
  async function* source() {
    for (let i = 0; i < 50; i++) {
      asked++;
      yield i;
    }
  }
  const pull = new Pull(source(), 3);
  let done = 0;
  const flow = pull.values.pipe(
    concatMap(async (value) => {
      await sleep(value % 3);
      assert.ok(asked - done <= 3, `${asked} asked, ${done} done`);
      done++;
      return value;
    }),
    tap(() => pull.release()),
    toArray(),
  );
  assert.deepEqual(
    await lastValueFrom(flow),
    Array.from({ length: 50 }, (_, i) => i),
  );
});

test('a failing source fails the flow, a failing flow leaves the source', async () => {
  async function* broken() {
    yield 1;
    throw new Error('planted');
  }
  await assert.rejects(lastValueFrom(new Pull(broken(), 9).values), /planted/);

  let left = false;
  async function* endless() {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      left = true;
    }
  }
  const failing = new Pull(endless(), 2).values.pipe(
    concatMap(async () => {
      throw new Error('downstream');
    }),
  );
  await assert.rejects(lastValueFrom(failing), /downstream/);
  await sleep(5);
  assert.ok(left);
});
