import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import type { DetectionRecord } from '../../src/core/detection.js';
import type { TemporalState } from '../../src/infer/temporal/state.js';
import { found, marbles, play } from './temporal-marbles.js';

function randomOf(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

/** Minutes of a stream with everything that happens to streams: flicker, drops, cuts, jumps, lost sessions. */
function randomStream(seed: number): DetectionRecord[] {
  const random = randomOf(seed);
  const records: DetectionRecord[] = [];
  const intervalMs = 40 + random() * 460;
  for (let session = 0; session < 3; session++) {
    let text = '(';
    let on = false;
    for (let i = 0; i < 300; i++) {
      if (random() < 0.04) on = !on;
      const other = '-2bxg.'[Math.floor(random() * 6)]!;
      const plain = on ? 'a' : '-';
      text += random() < 0.25 ? (other === 'g' && random() < 0.9 ? 'w' : other) : plain;
    }
    const frames = { w: [found('a', [random(), random(), 0.1, 0.1], 6 * random() - 3)] };
    records.push(...marbles(text + '!|s'[session], { session: `s${session}`, intervalMs, frames }));
  }
  return records;
}

const seeds = Array.from({ length: 60 }, (_, i) => i + 1);

function byId(events: readonly Appearance[]): Appearance[][] {
  const groups = new Map<string, Appearance[]>();
  for (const event of events) groups.set(event.id, [...(groups.get(event.id) ?? []), event]);
  return [...groups.values()];
}

test('random streams do open appearances', () => {
  const opened = seeds.map((seed) => byId(play(randomStream(seed)).events).length);
  assert.ok(opened.reduce((a, b) => a + b) > 100);
});

test('revisions count from 0, the first is the start, the last the end, and identity stays', () => {
  for (const seed of seeds) {
    for (const events of byId(play(randomStream(seed)).events)) {
      assert.deepEqual(
        events.map((e) => e.revision),
        events.map((_, i) => i),
      );
      const states = events.map((e) => e.state);
      assert.equal(states[0], 'started');
      assert.equal(states.at(-1), 'ended');
      assert.ok(states.slice(1, -1).every((state) => state === 'ongoing'));
      const origin = (e: Appearance) => [e.streamId, e.session, e.label, e.startPtsMs, e.startTime];
      for (const event of events) assert.deepEqual(origin(event), origin(events[0]!));
      assert.ok(events.every((e) => (e.endReason !== null) === (e.state === 'ended')));
    }
  }
});

test('exposure never exceeds duration, shares stay within 0..1, one label never overlaps itself', () => {
  for (const seed of seeds) {
    const { events } = play(randomStream(seed));
    for (const e of events) {
      assert.ok(
        e.exposureMs > 0 && e.exposureMs <= e.endPtsMs - e.startPtsMs,
        `${seed}: ${JSON.stringify(e)}`,
      );
      for (const share of [e.coverage, e.areaMean, e.areaMax, e.score, e.meanScore]) {
        assert.ok(share > 0 && share <= 1, `${seed}: ${JSON.stringify(e)}`);
      }
      assert.ok(e.areaMean <= e.areaMax + 1e-9 && e.meanScore <= e.score + 1e-9);
      assert.ok(Date.parse(e.endTime) >= Date.parse(e.startTime));
    }
    const last = byId(events).map((group) => group.at(-1)!);
    for (const a of last) {
      for (const b of last) {
        if (a.id === b.id || a.label !== b.label || a.session !== b.session) continue;
        assert.ok(a.endPtsMs <= b.startPtsMs || b.endPtsMs <= a.startPtsMs, `${seed}: ${a.label} overlaps`);
      }
    }
  }
});

test('a start is never before the first frame that showed the label, an end never after the stream', () => {
  for (const seed of seeds) {
    const records = randomStream(seed);
    for (const e of play(records).events) {
      const shown = records.filter(
        (r) =>
          r.kind === 'detections' && r.session === e.session && r.detections.some((d) => d.label === e.label),
      );
      assert.ok(
        shown.some((r) => Math.round(r.ptsUs / 1000) === e.startPtsMs),
        `${seed}: start`,
      );
      assert.ok(e.endPtsMs > e.startPtsMs);
    }
  }
});

test('stopping anywhere and going on from the stored state changes no event', () => {
  for (const seed of seeds.slice(0, 15)) {
    const records = randomStream(seed);
    const whole = play(records);
    const half = Math.floor(randomOf(seed)() * records.length);
    const first = play(records.slice(0, half));
    const kept = JSON.parse(JSON.stringify(first.state)) as TemporalState;
    const second = play(records.slice(half), undefined, kept);
    assert.deepEqual(first.events, whole.events.slice(0, first.events.length));
    assert.deepEqual([...first.events, ...second.events], whole.events);
    assert.deepEqual(second.state, whole.state);
  }
});

test('two runs are the same, and so are their ids', () => {
  assert.deepEqual(play(randomStream(7)), play(randomStream(7)));
});
