import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { defaultWorkFolder, hashOf, WorkCache } from '../../../bench/study/cache.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logowatch-study-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('floats are made once, kept exactly, and made anew when their file was cut off', async () => {
  const cache = await WorkCache.open(join(folder, 'work'));
  let made = 0;
  const make = async (): Promise<Float32Array> => {
    made++;
    return Float32Array.of(1.5, -2, 1 / 3);
  };
  const first = await cache.floats('key', 3, make);
  assert.deepEqual(await cache.floats('key', 3, make), first);
  assert.equal(made, 1);
  await truncate(join(folder, 'work', 'key.f32'), 8);
  assert.deepEqual(await cache.floats('key', 3, make), first);
  assert.equal(made, 2);
  assert.deepEqual(await readdir(join(folder, 'work')), ['key.f32']);
});

test('what fails is not kept', async () => {
  const cache = await WorkCache.open(folder);
  await assert.rejects(
    cache.floats('short', 3, async () => new Float32Array(2)),
    RangeError,
  );
  assert.equal((await cache.floats('short', 2, async () => new Float32Array(2))).length, 2);
});

test('a content’s hash follows the bytes, not the name', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string];
  await Promise.all([writeFile(a, 'same'), writeFile(b, 'same'), writeFile(c, 'other')]);
  const cache = await WorkCache.open(folder);
  assert.equal(await cache.contentOf(a), await cache.contentOf(b));
  assert.notEqual(await cache.contentOf(a), await cache.contentOf(c));
  assert.notEqual(hashOf('ab', 'c'), hashOf('a', 'bc'));
});

test('the work folder is in the user’s cache', () => {
  assert.equal(defaultWorkFolder({ XDG_CACHE_HOME: join('x', 'y') }), join('x', 'y', 'logowatch', 'study'));
});
