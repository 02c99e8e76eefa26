import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Detection } from '../../src/core/detection.js';
import type { Box } from '../../src/core/geometry.js';
import {
  isStill,
  TRACKER_EMPTY,
  TRACKING_DEFAULTS,
  type TrackerState,
  trackStep,
} from '../../src/infer/track.js';

const mark = (box: Box, label = 'a', llr = 3): Detection => ({
  label,
  llr,
  confident: true,
  score: 0.9,
  box,
});

interface Step {
  readonly marks: readonly Detection[];
  readonly shotCut?: boolean;
}

/** Plays frames 200 ms apart; answers, for each frame, the track id of each mark. */
function follow(steps: readonly Step[], parameters = TRACKING_DEFAULTS, intervalMs = 200) {
  let state: TrackerState = TRACKER_EMPTY;
  const ids = steps.map(({ marks, shotCut = false }, i) => {
    const frame = { ptsUs: i * intervalMs * 1000, shotCut, detections: marks };
    const step = trackStep(state, frame, parameters);
    state = step.state;
    return marks.map((m) => [...step.found].find(([, d]) => d === m)?.[0] ?? -1);
  });
  return { ids, state };
}

const at = (x: number, y = 0.4): Box => [x, y, 0.1, 0.08];
const repeat = (n: number, make: (i: number) => Step): Step[] => Array.from({ length: n }, (_, i) => make(i));

test('a mark that stands, trembles or moves is one track', () => {
  const tremble = [0, 0.01, -0.008, 0.006, -0.01, 0.004, 0.009, -0.003];
  for (const path of [() => 0.5, (i: number) => 0.5 + tremble[i % 8]!, (i: number) => 0.05 + 0.08 * i]) {
    const { ids } = follow(repeat(10, (i) => ({ marks: [mark(at(path(i)))] })));
    assert.deepEqual(new Set(ids.flat()), new Set([0]));
  }
});

test('velocity carries a track through frames in which it was not found', () => {
  // At 0.06 a frame, five missed frames put 0.36 between two sightings: far beyond any overlap.
  const steps = repeat(14, (i) => ({ marks: i > 5 && i < 9 ? [] : [mark(at(0.05 + 0.06 * i))] }));
  assert.deepEqual(new Set(follow(steps).ids.flat()), new Set([0]));
});

test('marks of two labels, and two marks of one label, never swap', () => {
  const steps = repeat(10, (i) => ({
    marks: [mark(at(0.1 + 0.02 * i), 'a'), mark(at(0.12 + 0.02 * i), 'b'), mark(at(0.6, 0.7), 'a')],
  }));
  const { ids } = follow(steps);
  for (const row of ids) assert.deepEqual(row, ids[0]);
  assert.equal(new Set(ids[0]).size, 3);
});

test('a mark far away, or of quite another size, is another track', () => {
  const { ids } = follow([{ marks: [mark(at(0.1))] }, { marks: [mark(at(0.7))] }]);
  assert.notEqual(ids[0]![0], ids[1]![0]);
  const { ids: sizes } = follow([
    { marks: [mark([0.1, 0.1, 0.05, 0.05])] },
    { marks: [mark([0.1, 0.1, 0.6, 0.6])] },
  ]);
  assert.notEqual(sizes[0]![0], sizes[1]![0]);
});

test('tracks age out', () => {
  const one = { marks: [mark(at(0.5))] };
  const { ids, state } = follow([one, ...repeat(10, () => ({ marks: [] })), one]);
  assert.notEqual(ids[0]![0], ids.at(-1)![0]);
  assert.equal(state.tracks.length, 1);
});

test('negative evidence follows a track but begins none', () => {
  assert.deepEqual(follow([{ marks: [mark(at(0.5), 'a', -1)] }]).state.tracks, []);
  const { ids } = follow([{ marks: [mark(at(0.5))] }, { marks: [mark(at(0.5), 'a', -1)] }]);
  assert.deepEqual(ids, [[0], [0]]);
});

test('the number of tracks is bounded, and those seen now are kept', () => {
  const parameters = { ...TRACKING_DEFAULTS, tracksMax: 5 };
  const crowd = (n: number, y: number) =>
    Array.from({ length: n }, (_, i) => mark([i * 0.09, y, 0.04, 0.04], `${i}`));
  const { state, ids } = follow([{ marks: crowd(9, 0.1) }, { marks: crowd(3, 0.8) }], parameters);
  assert.equal(state.tracks.length, 5);
  assert.equal(ids[1]!.filter((id) => id >= 0).length, 3);
});

test('a cut ends scene tracks; what stood still, or stands where it stood, goes on', () => {
  const moving = repeat(8, (i) => ({ marks: [mark(at(0.1 + 0.04 * i))] }));
  const elsewhere = { marks: [mark(at(0.6))], shotCut: true };
  assert.notEqual(follow([...moving, elsewhere]).ids.at(-1)![0], 0);
  const near = { marks: [mark(at(0.1 + 0.04 * 7 + 0.06))] };
  assert.equal(follow([...moving, near]).ids.at(-1)![0], 0);
  assert.notEqual(follow([...moving, { ...near, shotCut: true }]).ids.at(-1)![0], 0);

  const after = { marks: [mark(at(0.1 + 0.04 * 9))] };
  assert.equal(follow([...moving, { marks: [] }, after]).ids.at(-1)![0], 0);
  assert.notEqual(follow([...moving, { marks: [], shotCut: true }, after]).ids.at(-1)![0], 0);

  const corner = { marks: [mark([0.85, 0.05, 0.1, 0.06])] };
  const empty = { marks: [] };
  // Missed on the very frame of the cut, found after it.
  const { ids } = follow([...repeat(8, () => corner), { ...empty, shotCut: true }, empty, corner]);
  assert.deepEqual(new Set(ids.flat()), new Set([0]));
  // Too young to be called still, but in the same place right after the cut.
  assert.deepEqual(new Set(follow([corner, { ...corner, shotCut: true }]).ids.flat()), new Set([0]));
});

test('still means long in one place', () => {
  const stand = follow(repeat(8, () => ({ marks: [mark(at(0.5))] }))).state.tracks[0]!;
  const move = follow(repeat(8, (i) => ({ marks: [mark(at(0.3 + 0.03 * i))] }))).state.tracks[0]!;
  const young = follow(repeat(2, () => ({ marks: [mark(at(0.5))] }))).state.tracks[0]!;
  assert.deepEqual(
    [stand, move, young].map((track) => isStill(track, TRACKING_DEFAULTS)),
    [true, false, false],
  );
});
