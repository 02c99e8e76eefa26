import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEMPORAL_DEFAULTS } from '../../src/infer/temporal/appearance-reducer.js';
import { CORNER, EPOCH_MS, found, MIDDLE, marbles, play, spans, truth } from './temporal-marbles.js';

const eventsOf = (text: string, options = {}) => play(marbles(text, options)).events;

test('a few frames of a logo never open an appearance', () => {
  for (const flash of ['a', 'aa', 'aaa', 'a-a', 'aa----aa-----aa', 'a-'.repeat(3)]) {
    assert.deepEqual(eventsOf(`(-----${flash}-------|`), [], flash);
  }
});

test('a logo on screen is one appearance, dated back to its first frame and ended after its last', () => {
  const events = eventsOf('(-----aaaaaaaaaa----------|');
  assert.deepEqual(
    events.map((e) => [e.revision, e.state]),
    [
      [0, 'started'],
      [1, 'ended'],
    ],
  );
  assert.deepEqual(spans(events), ['a 1000-3000 gone 2000']);
  const [end] = truth(events);
  assert.equal(end?.frames, 10);
  assert.equal(end?.coverage, 1);
  assert.equal(end?.startTime, new Date(EPOCH_MS + 1000).toISOString());
  assert.equal(end?.endTime, new Date(EPOCH_MS + 3000).toISOString());
  assert.deepEqual(end?.box, CORNER);
  assert.ok(Math.abs((end?.areaMean ?? 0) - 0.006) < 1e-9);
  assert.match(end?.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('strong evidence opens as soon as the sum can reach the threshold', () => {
  // ln(10 brands * 18,000 frames an hour / 0.1) = 14.4 nats at 3 a frame.
  assert.deepEqual(eventsOf('(aaaa'), []);
  assert.equal(eventsOf('(aaaaa').length, 1);
});

test('a logo that blinks away for less than the gap does not split, and the hole is not exposure', () => {
  assert.deepEqual(spans(eventsOf('(----aaaaaaaa-aaaaaaaa--------|')), ['a 800-4200 gone 3200']);
  assert.deepEqual(spans(eventsOf('(----aaaaaaaa----aaaaaaaa--------|')), ['a 800-4800 gone 3200']);
});

test('a logo that is away for the gap or longer splits', () => {
  const expected = ['a 800-2400 gone 1600', 'a 3400-5000 gone 1600'];
  assert.deepEqual(spans(eventsOf('(----aaaaaaaa-----aaaaaaaa--------|')), expected);
});

test('an outage closes with its reason and adds no exposure', () => {
  const lost = marbles('(-----aaaaaaaaaa!');
  const again = marbles('(aaaaaaaaaa------|', { session: 's2' });
  const { events } = play([...lost, ...again]);
  assert.deepEqual(spans(events), ['a 1000-3000 stream-lost 2000', 'a 0-2000 gone 2000']);
  assert.deepEqual(
    truth(events).map((e) => e.session),
    ['s1', 's2'],
  );
});

test('every way to an end has its reason', () => {
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaa|')), ['a 0-2000 session-end 2000']);
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaas')), ['a 0-2000 stopped 2000']);
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaag----')), ['a 0-2000 stream-lost 2000']);
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaa..........aaaaaaaaaa|')), [
    'a 0-2000 stream-lost 2000',
    'a 4000-6000 session-end 2000',
  ]);
  const unannounced = [...marbles('(aaaaaaaaaa'), ...marbles('-----', { session: 's2' })];
  assert.deepEqual(spans(play(unannounced).events), ['a 0-2000 stream-lost 2000']);
});

test('a gap known to be shorter than the gap rule is a hole like any other', () => {
  const [fact] = marbles('g');
  const short = { ...fact!, missingUs: 400_000 } as typeof fact & object;
  const records = [...marbles('(aaaaaaaa'), short, ...marbles('aaaaaaaa|', { startMs: 2000, startSeq: 10 })];
  assert.deepEqual(spans(play(records).events), ['a 0-3600 session-end 3400']);
});

test('dropped frames lower the coverage, and count as seen for one more interval at most', () => {
  const [end] = truth(eventsOf('(aaaaaaaa..aaaaaa.aaa|'));
  assert.equal(end?.frames, 17);
  assert.equal(end?.coverage, 17 / 20);
  assert.equal(end?.endPtsMs, 4000);
  assert.equal(end?.exposureMs, 3800);
});

test('two marks of one brand count once, two brands are two appearances', () => {
  const [both] = truth(eventsOf('(2222222222------|'));
  assert.equal(both?.exposureMs, 2000);
  assert.equal(both?.frames, 10);
  assert.ok((both?.areaMean ?? 0) > 0.0299);
  const two = { frames: { c: [found('a'), found('b', MIDDLE)] } };
  assert.deepEqual(spans(eventsOf('(cccccccccc-------|', two)), ['a 0-2000 gone 2000', 'b 0-2000 gone 2000']);
});

test('a mark that comes in beside another adds area, not time', () => {
  const [end] = truth(eventsOf('(aaaaaaaaaa2222222222------|'));
  assert.equal(end?.frames, 20);
  assert.equal(end?.exposureMs, 4000);
});

test('a few frames of the brand elsewhere are enough while it is on, and not to open it', () => {
  const frames = { X: [found('a', MIDDLE)], c: [found('a', MIDDLE)] };
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaaXcc--------|', { frames })), ['a 0-2600 gone 2600']);
  assert.deepEqual(eventsOf('(----------Xcc--------|', { frames }), []);
});

test('a second mark takes over when the first goes', () => {
  const frames = { c: [found('a', MIDDLE)] };
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaacccccccccc-------|', { frames })), ['a 0-4000 gone 4000']);
});

test('the same brand elsewhere after a cut joins, though its track is new', () => {
  const frames = { X: [found('a', MIDDLE)], c: [found('a', MIDDLE)] };
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaaXccccccccc-------|', { frames })), ['a 0-4000 gone 4000']);
  assert.deepEqual(spans(eventsOf('(aaaaaaaaaa----Xcccccccc-------|', { frames })), ['a 0-4600 gone 3800']);
});

test('detections that flicker around the picture do not add up; the same ones in one place do', () => {
  const place = (i: number) => [(i * 0.37) % 0.9, (i * 0.61) % 0.9, 0.05, 0.05] as const;
  const letters = 'cdefhijklmnopqrtuvwyz';
  const frames = Object.fromEntries([...letters].map((l, i) => [l, [found('a', place(i), 3)]]));
  assert.deepEqual(eventsOf(`(${letters}|`, { frames }), []);
  assert.equal(truth(eventsOf(`(${'c'.repeat(letters.length)}|`, { frames })).length, 1);
});

test('a wobbling detector: an open appearance is held through weak frames, a closed one is not opened by them', () => {
  const frames = { w: [found('a', CORNER, -0.5)], v: [found('a', CORNER, -4)] };
  assert.deepEqual(spans(eventsOf('(aaaaaaaawwaawwwaaa------|', { frames })), ['a 0-3600 gone 3600']);
  assert.deepEqual(eventsOf(`(${'w'.repeat(100)}|`, { frames }), []);
  // Strongly negative frames let go in time, although a box is still reported.
  const [end] = truth(eventsOf('(aaaaaaaavvvvvvvvvvvvvvvvvvvvvv|', { frames }));
  assert.equal(end?.endReason, 'gone');
  assert.ok((end?.endPtsMs ?? 9e9) <= 2600, `${end?.endPtsMs}`);
});

test('what ended must earn its next start, although its track lives on', () => {
  const frames = { v: [found('a', CORNER, -4)] };
  const events = eventsOf('(aaaaaaaavvvvvvvvvvvvvavvvvvv|', { frames });
  assert.equal(truth(events).length, 1);
});

test('a source that failed for good did not just end', () => {
  const [closed] = marbles('|', { startMs: 2000 });
  const records = [...marbles('(aaaaaaaaaa'), { ...closed, reason: 'failed' } as NonNullable<typeof closed>];
  assert.deepEqual(spans(play(records).events), ['a 0-2000 stream-lost 2000']);
});

test('at one frame a second a single miss is no gap', () => {
  const [end, ...others] = truth(eventsOf('(aaaaaaaaaa-aaaaaaaaa--|', { intervalMs: 1000 }));
  assert.deepEqual(others, []);
  assert.equal(end?.exposureMs, 19_000);
});

test('ongoing is reported at most once in its period', () => {
  const events = eventsOf(`(${'a'.repeat(125)}|`);
  assert.deepEqual(
    events.map((e) => `${e.revision} ${e.state}`),
    ['0 started', '1 ongoing', '2 ongoing', '3 ongoing', '4 ongoing', '5 ended'],
  );
  const starts = events.slice(0, 5).map((e) => e.endPtsMs);
  for (let i = 1; i < starts.length; i++) assert.ok(starts[i]! - starts[i - 1]! >= 5000);
});

test('every sampling rate from 2 to 25 a second finds the same appearance', () => {
  for (const rate of [2, 3, 5, 10, 12.5, 25]) {
    const n = (seconds: number) => Math.round(seconds * rate);
    const text = `(${'-'.repeat(n(4))}${'a'.repeat(n(8))}${'-'.repeat(n(4))}|`;
    const [found, ...others] = truth(eventsOf(text, { intervalMs: 1000 / rate }));
    assert.deepEqual(others, []);
    assert.ok(Math.abs(found!.startPtsMs - 4000) <= 1, `start ${found!.startPtsMs} at ${rate}/s`);
    assert.ok(Math.abs(found!.endPtsMs - 12_000) <= 1, `end ${found!.endPtsMs} at ${rate}/s`);
    assert.ok(Math.abs(found!.exposureMs - 8000) <= 2, `exposure ${found!.exposureMs} at ${rate}/s`);
  }
});

test('a burst of frames carries no more evidence than its media time', () => {
  // Five frames in a fifth of a second are one look, five at 5/s are a second of looking.
  assert.deepEqual(eventsOf('(----------aaaaa----------|', { intervalMs: 40 }), []);
});

test('redelivered records change nothing', () => {
  const records = marbles('(----aaaaaaaaaa-aaaaa-------|').filter((r) => r.kind !== 'session-closed');
  const twice = records.flatMap((record, i) =>
    i % 4 === 3 ? [...records.slice(i - 3, i + 1), record] : [record],
  );
  assert.deepEqual(play(twice), play(records));
});

test('damaged detections are left out', () => {
  const bad = [found('a', [Number.NaN, 0, 1, 1]), found('a', [0, 0, 0, 0]), found('a', CORNER, Number.NaN)];
  const frames = { q: [...bad, found('a')], r: bad };
  assert.deepEqual(spans(eventsOf('(qqqqqqqqqqrrrrrrrr|', { frames })), ['a 0-2000 gone 2000']);
});

test('a false-alarm budget of its own raises or lowers the bar', () => {
  const strict = { ...TEMPORAL_DEFAULTS, smoothing: { ...TEMPORAL_DEFAULTS.smoothing, falsePerHour: 1e-4 } };
  const records = marbles('(aaaaaa--------|');
  assert.equal(truth(play(records).events).length, 1);
  assert.deepEqual(play(records, strict).events, []);
});

test('an hour of silence keeps the state as small as a second of it', () => {
  const { state: short } = play(marbles('(-----'));
  const { events, state } = play(marbles(`(aaaaaaaa${'-'.repeat(18_000)}`));
  assert.equal(truth(events).length, 1);
  assert.deepEqual(state.open, []);
  assert.deepEqual(state.tracker.tracks, []);
  assert.ok(JSON.stringify(state).length < JSON.stringify(short).length + 100);
});

test('weak evidence opens nothing, however long it lasts: a look-alike that stands still', () => {
  const frames = { w: [found('a', CORNER, 0.9)] };
  assert.deepEqual(eventsOf(`(${'w'.repeat(300)}|`, { frames }), []);
  const events = eventsOf(`(${'w'.repeat(20)}aaaaaa${'w'.repeat(20)}|`, { frames });
  assert.equal(events.filter(({ state }) => state === 'started').length, 1);
});
