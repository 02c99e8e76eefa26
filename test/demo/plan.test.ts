import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEMO_BRANDS } from '../../src/demo/brands.js';
import { planOf } from '../../src/demo/compose.js';
import { type Plan, poseAt } from '../../src/demo/plan.js';
import { poseMatrix } from '../../src/demo/pose.js';
import { cornersOf, FPS, HEIGHT, WIDTH } from '../../src/demo/raster.js';
import { truthOf } from '../../src/demo/truth.js';

const SEEDS = [1, 2, 3, 4, 5];

function everyMarkFrame(plan: Plan, body: (corners: (readonly [number, number])[], what: string) => void) {
  for (const m of plan.marks) {
    for (let n = m.first; n <= m.last; n++) body(cornersOf(poseMatrix(poseAt(m, n))), `${m.slug} at ${n}`);
  }
}

describe('the plan of a minute', () => {
  for (const seed of SEEDS) {
    test(`seed ${seed}: shots without a hole, the brands, blinks, a bug over cuts, two at once`, async () => {
      const plan = await planOf(seed, 60);
      assert.equal(plan.frames, 60 * FPS);
      let next = 0;
      for (const shot of plan.shots) {
        assert.equal(shot.first, next);
        const seconds = (shot.last - shot.first + 1) / FPS;
        assert.ok(seconds >= 3 && seconds <= 6, `${seconds} s`);
        next = shot.last + 1;
      }
      assert.equal(next, plan.frames);
      const truth = truthOf(plan);
      assert.ok(new Set(truth.spans.map((s) => s.label)).size >= 7);
      assert.ok(truth.flashes.length >= 4);
      assert.ok(plan.marks.some((m) => plan.shots.some((s) => m.first < s.first && m.last > s.last)));
      assert.ok(
        truth.spans.some((a) =>
          truth.spans.some((b) => a.label !== b.label && a.start < b.end && b.start < a.end),
        ),
      );
      for (const label of plan.marks.filter((m) => !m.isBrand).map((m) => m.slug)) {
        assert.ok(!DEMO_BRANDS.includes(label), label);
      }
    });
  }

  test('marks are wholly on screen, and as wide as the truth says', async () => {
    for (const seed of SEEDS) {
      everyMarkFrame(await planOf(seed, 60), (corners, what) => {
        for (const [x, y] of corners) assert.ok(x >= 0 && x <= WIDTH && y >= 0 && y <= HEIGHT, what);
      });
    }
    const plan = await planOf(1, 60);
    for (const { width } of truthOf(plan).spans) assert.ok(width > 0.09 && width < 0.4, String(width));
  });

  test('a blink is one frame, on the sampling grid, away from a shot with its brand', async () => {
    for (const seed of SEEDS) {
      const { spans, flashes } = truthOf(await planOf(seed, 60));
      for (const f of flashes) {
        assert.equal(Math.round((f.end - f.start) * FPS), 1);
        assert.equal(Math.round(f.start * FPS) % 5, 0);
        const near = [...spans, ...flashes.filter((other) => other !== f)].filter(
          (s) => s.label === f.label && s.start < f.end + 2 && s.end > f.start - 2,
        );
        assert.deepEqual(near, []);
      }
    }
  });

  test('a seed gives the same plan, another seed another', async () => {
    assert.deepEqual(await planOf(9, 20), await planOf(9, 20));
    assert.notDeepEqual(await planOf(9, 20), await planOf(10, 20));
  });
});

test('a pose seen from the front is a square of its size; turned, it is a rigid plate in perspective', () => {
  const front = cornersOf(poseMatrix({ x: 100, y: 80, size: 50, yaw: 0, pitch: 0, roll: 0 })).map((c) =>
    c.map(Math.round),
  );
  assert.deepEqual(front, [[75, 55], [125, 55], [125, 105], [75, 105]]); // biome-ignore format: one line
  const [a, b, c, d] = cornersOf(poseMatrix({ x: 0, y: 0, size: 50, yaw: 0.7, pitch: 0, roll: 0 }));
  const left = d![1] - a![1];
  const right = c![1] - b![1];
  assert.ok(Math.abs(left - right) > 5, 'the nearer edge is longer');
});
