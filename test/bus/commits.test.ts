import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Commits } from '../../src/bus/commits.js';

function open(): { promise: Promise<void>; done: () => void } {
  let done = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { promise, done };
}

test('so many at once, then the reader waits', async () => {
  const commits = new Commits(2);
  const [first, second] = [open(), open()];
  await commits.add(first.promise);
  let added = false;
  const adding = commits.add(second.promise).then(() => {
    added = true;
  });
  await turn();
  assert.equal(added, false);
  first.done();
  await adding;
  second.done();
  await commits.settle();
});

test('a failure reaches the reader with the next commit, and at the end', async () => {
  const commits = new Commits(4);
  await commits.add(Promise.reject(new Error('refused'))).catch(() => undefined);
  await turn();
  await assert.rejects(commits.add(Promise.resolve()), /refused/);
  await assert.rejects(commits.settle(), /refused/);
});
