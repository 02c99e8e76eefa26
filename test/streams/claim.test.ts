import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimOf, claimStreams } from '../../src/streams/claim.js';
import { MemoryDirectory } from '../../src/streams/directory.js';
import type { StreamEntry } from '../../src/streams/entry.js';

const stream = (id: string, url = `rtsp://host/${id}`) => ({ id, url });
const entry = (id: string, owner: string | null, more: Partial<StreamEntry> = {}): StreamEntry => ({
  stream: stream(id),
  owner,
  paused: false,
  revision: '0',
  ...more,
});
const known = (...entries: StreamEntry[]) => new Map(entries.map((e) => [e.stream.id, e]));

test('what a config names is there, what it names no longer is gone, what others named stays', () => {
  const entries = known(entry('same', 'c'), entry('old', 'c'), entry('other', 'd'), entry('added', null));
  const { put, remove, taken } = claimOf(entries, 'c', [stream('same'), stream('new')]);
  assert.deepEqual(
    put.map((e) => [e.stream.id, e.owner, e.paused]),
    [['new', 'c', false]],
  );
  assert.deepEqual(remove, ['old']);
  assert.deepEqual(taken, []);
});

test('a pause outlives a change of the stream', () => {
  const { put } = claimOf(known(entry('a', 'c', { paused: true })), 'c', [stream('a', 'rtsp://elsewhere/a')]);
  assert.equal(put[0]?.paused, true);
  assert.equal(put[0]?.stream.url, 'rtsp://elsewhere/a');
  assert.notEqual(put[0]?.revision, '0');
});

test('who names a stream that another named has it, and says so', () => {
  const { taken } = claimOf(known(entry('a', 'd'), entry('b', null)), 'c', [stream('a'), stream('b')]);
  assert.deepEqual(taken, ['a', 'b']);
});

test('several nodes with one config change nothing after the first', async () => {
  const directory = new MemoryDirectory();
  await claimStreams(directory, 'c', [stream('a'), stream('b')]);
  const again = await claimStreams(directory, 'c', [stream('b'), stream('a')]);
  assert.deepEqual(again, { put: [], remove: [], taken: [] });
  await claimStreams(directory, 'c', []);
  assert.equal(directory.entries().size, 0);
});
