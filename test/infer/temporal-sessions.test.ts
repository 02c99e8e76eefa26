import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBus } from '../../src/bus/memory.js';
import { topics } from '../../src/bus/topics.js';
import type { DetectionRecord } from '../../src/core/detection.js';
import { runSmoothing } from '../../src/infer/flow.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { marbles, play, spans, truth } from './temporal-marbles.js';

/** Records of two nodes as they lie in the partition: the first number of `head`, then one by one in turn. */
function interleaved(head: number, a: readonly DetectionRecord[], b: readonly DetectionRecord[]) {
  const rest = a.slice(head);
  const mixed = b.flatMap((record, i) => [record, ...(rest[i] === undefined ? [] : [rest[i]])]);
  return [...a.slice(0, head), ...mixed, ...rest.slice(b.length)];
}

// The opening and 20 frames; then the node is taken for dead, and sends 12 frames more when it wakes up.
const zombie = marbles(`(-----aaaaaaaaaaaaaaa${'a'.repeat(12)}`, { session: 's1' });
const heir = marbles('(aaaaaaaaaaaaaaa-------|', { session: 's2' });
const expected = ['a 1000-4000 stream-lost 3000', 'a 0-3000 gone 3000'];

test('what a node taken for dead still sends between the frames of its heir counts for nothing', () => {
  const { events } = play(interleaved(21, zombie, heir));
  assert.deepEqual(spans(events), expected);
  assert.deepEqual(
    truth(events).map((e) => e.session),
    ['s1', 's2'],
  );
  const names = events.map((e) => `${e.id} ${e.revision}`);
  assert.equal(new Set(names).size, names.length);
});

test('its last words end nothing, nor does its gap', () => {
  const words = marbles('g!|', { session: 's1' });
  assert.deepEqual(spans(play(interleaved(21, [...zombie.slice(0, 21), ...words], heir)).events), expected);
});

test('a session whose opening is older than the topic keeps is a new one all the same', () => {
  const unannounced = marbles('aaaaaaaaaaaaaaa-------|', { session: 's3' });
  assert.equal(spans(play([...heir.slice(0, 10), ...unannounced]).events).length, 2);
});

test('a late opening that nothing follows does not silence the stream: who goes on has it', () => {
  const late = marbles('(', { session: 's1b' });
  const long = marbles(`(${'a'.repeat(80)}----------|`, { session: 's2' });
  const { events } = play([...zombie.slice(0, 21), ...long.slice(0, 5), ...late, ...long.slice(5)]);
  const last = truth(events).at(-1);
  assert.equal(last?.session, 's2');
  assert.equal(last?.endReason, 'gone');
  assert.ok((last?.frames ?? 0) >= 25, `${last?.frames} frames`);
});

test('a state that was written before sessions were counted goes on', () => {
  const { state } = play(zombie.slice(0, 21));
  const { superseded: _, strays: __, ...older } = state;
  const { events } = play(interleaved(0, zombie.slice(21), heir), undefined, older);
  assert.deepEqual(spans(events), expected);
});

test('such frames are counted, and a last word of the old does not make the new forgotten', async () => {
  const bus = new MemoryBus();
  const telemetry = new RecordingTelemetry();
  const records = interleaved(21, [...zombie, ...marbles('|', { session: 's1' })], heir);
  const appearances = bus.subscribe(topics.appearances, { group: 'test', maxRecords: 100 });
  const smoothing = runSmoothing({ bus, telemetry });
  await bus.send(
    topics.detections,
    records.map((value) => ({ key: value.streamId, value })),
  );
  await bus.end(topics.detections);
  const seen = [];
  for await (const batch of appearances) {
    seen.push(...batch.records.map((r) => r.value));
    await batch.commit();
  }
  await smoothing;
  assert.deepEqual(spans(seen), expected);
  const strays = telemetry.events.filter((e) => e.type === 'frames-dropped');
  assert.deepEqual(new Set(strays.map((e) => e.reason)), new Set(['superseded']));
  assert.equal(
    strays.reduce((n, e) => n + e.count, 0),
    12,
  );
});
