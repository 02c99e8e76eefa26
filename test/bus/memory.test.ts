import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingRecord, Topic } from '../../src/bus/bus.js';
import { MemoryBus } from '../../src/bus/memory.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { busContract, collect, isBusClosed, record, valuesOf } from '../contract/bus.js';

const topic: Topic<number> = { name: 'in' };
const live = (key: string, value: number): OutgoingRecord<number> => ({ key, value, droppable: true });

busContract(
  'MemoryBus',
  async ({ capacity, inputGroups }) => ({
    bus: new MemoryBus({ capacity, groups: { in: inputGroups } }),
    input: topic,
    output: { name: 'out' },
  }),
  { backPressure: true, redelivers: false, latencyMsMax: 20 },
);

test('the newest live frames win, facts stay, every drop is counted', async () => {
  const telemetry = new RecordingTelemetry();
  const bus = new MemoryBus({ telemetry, keyShare: 2 });
  await bus.send(topic, [record('a', 0), live('a', 1), live('a', 2), record('a', 3)]);
  await bus.send(topic, [live('a', 4), live('a', 5), live('b', 6), record('a', 7)]);
  await bus.end(topic);
  const records = await collect(bus.subscribe(topic, { group: 'g', maxRecords: 10 }));
  assert.deepEqual(valuesOf(records, 'a'), [0, 3, 4, 5, 7]);
  assert.deepEqual(valuesOf(records, 'b'), [6]);
  const dropped = { type: 'frames-dropped', streamId: 'a', count: 1, reason: 'bus-queue' };
  assert.deepEqual(telemetry.events, [dropped, dropped]);
});

test('a burst is worked off; frames that waited too long give way to newer ones, the newest stays', async () => {
  const telemetry = new RecordingTelemetry();
  let clock = 0;
  const bus = new MemoryBus({ telemetry, waitMsMax: 500, now: () => clock });
  await bus.send(topic, [live('a', 0), live('a', 1), live('b', 9), record('a', 2)]);
  clock = 300;
  await bus.send(topic, [live('a', 3), live('a', 4)]);
  const reader = bus.subscribe(topic, { group: 'g', maxRecords: 1 })[Symbol.asyncIterator]();
  const next = async () => (await reader.next()).value?.records[0]?.value;
  assert.deepEqual([await next(), await next()], [0, 9]);
  clock = 700;
  assert.deepEqual([await next(), await next()], [2, 3]);
  clock = 5000;
  assert.equal(await next(), 4);
  assert.equal(telemetry.events.length, 1);
  await bus.close();
});

test('a flood of one stream neither drops nor delays the frames of another', async () => {
  const telemetry = new RecordingTelemetry();
  const bus = new MemoryBus({ telemetry, keyShare: 2 });
  for (let i = 0; i < 1000; i++) await bus.send(topic, [live('loud', i)]);
  await bus.send(topic, [live('quiet', 1), live('quiet', 2)]);
  await bus.end(topic);
  const records = await collect(bus.subscribe(topic, { group: 'g', maxRecords: 1 }));
  assert.deepEqual(
    records.map((r) => `${r.key}${r.value}`),
    ['loud998', 'quiet1', 'loud999', 'quiet2'],
  );
  assert.equal(telemetry.events.length, 998);
});

test('live frames pass a waiting sender of another key, but not one of their own', async () => {
  const bus = new MemoryBus({ capacity: 1, groups: { in: ['g'] } });
  await bus.send(topic, [record('file', 0)]);
  const waiting = bus.send(topic, [record('file', 1)]);
  await bus.send(topic, [live('tv', 2)]);
  const behind = bus.send(topic, [live('file', 3)]);
  const ended = Promise.all([waiting, behind]).then(() => bus.end(topic));
  const records = await collect(bus.subscribe(topic, { group: 'g', maxRecords: 1 }));
  await ended;
  assert.deepEqual(valuesOf(records, 'file'), [0, 1, 3]);
  assert.deepEqual(valuesOf(records, 'tv'), [2]);
});

test('concurrent senders of one key keep the order of their calls', async () => {
  const bus = new MemoryBus({ capacity: 2, groups: { in: ['g'] } });
  const sends = Array.from({ length: 30 }, (_, i) => bus.send(topic, [record('a', i)]));
  const ending = Promise.all(sends).then(() => bus.end(topic));
  const records = await collect(bus.subscribe(topic, { group: 'g', maxRecords: 3 }));
  await ending;
  assert.deepEqual(
    valuesOf(records, 'a'),
    Array.from({ length: 30 }, (_, i) => i),
  );
});

test('a topic ended while senders wait still delivers what they sent', async () => {
  const bus = new MemoryBus({ capacity: 1, groups: { in: ['g'] } });
  const sends = [1, 2, 3].map((value) => bus.send(topic, [record('a', value)]));
  await bus.end(topic);
  const records = await collect(bus.subscribe(topic, { group: 'g', maxRecords: 1 }));
  await Promise.all(sends);
  assert.deepEqual(valuesOf(records, 'a'), [1, 2, 3]);
  await assert.rejects(bus.send(topic, [record('a', 4)]), isBusClosed);
});

test('a commit that waits for room publishes all or, when the bus closes, nothing', async () => {
  const out: Topic<number> = { name: 'out' };
  const other: Topic<number> = { name: 'other' };
  const bus = new MemoryBus({ capacity: 1, groups: { in: ['g'], out: ['o'], other: ['p'] } });
  await bus.send(out, [record('a', 0)]);
  await bus.send(topic, [record('a', 1)]);
  const batch = (await bus.subscribe(topic, { group: 'g', maxRecords: 1 })[Symbol.asyncIterator]().next())
    .value;
  const commit = batch.commit([
    { topic: other, records: [record('a', 1)] },
    { topic: out, records: [record('a', 1)] },
  ]);
  const refused = assert.rejects(commit, isBusClosed);
  const seen = collect(bus.subscribe(other, { group: 'p', maxRecords: 1 }));
  await sleep(10);
  await bus.close();
  await refused;
  assert.deepEqual(await seen, []);
});

test('an ended topic waits for a commit that waits for room in another', async () => {
  const out: Topic<number> = { name: 'out' };
  const full: Topic<number> = { name: 'full' };
  const bus = new MemoryBus({ capacity: 1, groups: { in: ['g'], out: ['o'], full: ['f'] } });
  await bus.send(full, [record('a', 0)]);
  await bus.send(topic, [record('a', 1)]);
  const batch = (await bus.subscribe(topic, { group: 'g', maxRecords: 1 })[Symbol.asyncIterator]().next())
    .value;
  const commit = batch.commit([
    { topic: out, records: [record('a', 2)] },
    { topic: full, records: [record('a', 3)] },
  ]);
  await bus.end(out);
  const reading = collect(bus.subscribe(out, { group: 'o', maxRecords: 1 }));
  await sleep(10);
  const drained = await collect(bus.subscribe(full, { group: 'f', maxRecords: 1 }), 2);
  await commit;
  assert.deepEqual(valuesOf(drained, 'a'), [0, 3]);
  assert.deepEqual(valuesOf(await reading, 'a'), [2]);
});

test('small sends do not starve a large one', async () => {
  const bus = new MemoryBus({ capacity: 2, groups: { in: ['g'] } });
  await bus.send(topic, [record('a', 0)]);
  const sends = [bus.send(topic, [record('a', 1), record('a', 2)])];
  for (let i = 0; i < 5; i++) sends.push(bus.send(topic, [record('b', i)]));
  const seen: string[] = [];
  const ending = Promise.all(sends).then(() => bus.end(topic));
  for await (const batch of bus.subscribe(topic, { group: 'g', maxRecords: 1 })) {
    seen.push(...batch.records.map((r) => `${r.key}${r.value}`));
    await batch.commit();
  }
  await ending;
  assert.deepEqual(seen.slice(0, 2), ['a0', 'a1']);
  assert.equal(seen.length, 8);
});

test('records sent before there is a group wait for the first, within the bound', async () => {
  const bus = new MemoryBus({ capacity: 2 });
  let accepted = 0;
  const sends = [1, 2, 3].map(async (value) => {
    await bus.send(topic, [record('a', value)]);
    accepted++;
  });
  await sleep(5);
  assert.equal(accepted, 2);
  const first = bus.subscribe(topic, { group: 'first', maxRecords: 1 });
  const late = bus.subscribe(topic, { group: 'late', maxRecords: 1 });
  const reading = Promise.all([collect(first), collect(late)]);
  await Promise.all(sends);
  await bus.end(topic);
  const [firstSaw, lateSaw] = await reading;
  assert.deepEqual(valuesOf(firstSaw, 'a'), [1, 2, 3]);
  assert.deepEqual(valuesOf(lateSaw, 'a'), [3]);
});

test('a second consumer of a group is refused', () => {
  const bus = new MemoryBus();
  bus.subscribe(topic, { group: 'g', maxRecords: 1 });
  assert.throws(() => bus.subscribe(topic, { group: 'g', maxRecords: 1 }), /one consumer/);
});

test('a queue of 200,000 records is drained in linear time', { timeout: 10_000 }, async () => {
  const bus = new MemoryBus({ capacity: 200_000 });
  const count = 200_000;
  await bus.send(
    topic,
    Array.from({ length: count }, (_, i) => record('a', i)),
  );
  await bus.end(topic);
  let read = 0;
  for await (const batch of bus.subscribe(topic, { group: 'g', maxRecords: 1 })) read += batch.records.length;
  assert.equal(read, count);
});
