import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../src/core/geometry.js';
import { RUNS_EMPTY, runStep } from '../../src/mine/runs.js';

const found = (label: string, score: number, box: Box) => ({ label, score, box });
const here: Box = [0.1, 0.1, 0.2, 0.2];
const near: Box = [0.11, 0.1, 0.2, 0.2];
const far: Box = [0.6, 0.6, 0.2, 0.2];

/** For each frame the runs and scores that are the best of their run so far. */
function play(frames: readonly { cut?: boolean; detections: ReturnType<typeof found>[] }[]): string[] {
  let state = RUNS_EMPTY;
  return frames.map(({ cut = false, detections }) => {
    const step = runStep(state, { cut, detections });
    state = step.state;
    return step.best.map(({ run, detection }) => `${run}:${detection.score}`).join(' ');
  });
}

test('of what stays in place only the best is given on', () => {
  const scores = [0.3, 0.2, 0.5, 0.4, 0.6];
  const frames = scores.map((s, i) => ({ detections: [found('a', s, i % 2 ? near : here)] }));
  assert.deepEqual(play(frames), ['0:0.3', '', '0:0.5', '', '0:0.6']);
});

test('another brand, another place, a frame without it and a cut each begin a run', () => {
  const one = { detections: [found('a', 0.5, here)] };
  assert.deepEqual(play([one, { detections: [found('b', 0.4, here)] }]), ['0:0.5', '1:0.4']);
  assert.deepEqual(play([one, { detections: [found('a', 0.4, far)] }]), ['0:0.5', '1:0.4']);
  assert.deepEqual(play([one, { detections: [] }, one]), ['0:0.5', '', '1:0.5']);
  assert.deepEqual(play([one, { cut: true, ...one }]), ['0:0.5', '1:0.5']);
});

test('two things of a brand in one frame are two runs', () => {
  const both = (a: number, b: number) => ({ detections: [found('a', a, here), found('a', b, far)] });
  assert.deepEqual(play([both(0.5, 0.3), both(0.4, 0.6)]), ['0:0.5 1:0.3', '1:0.6']);
});
