import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import sharp from 'sharp';
import { BestFrames } from '../../src/evidence/best-frames.js';
import { appearance, lookedAt } from '../web/support.js';

const at = (ptsMs: number, score: number, more: object = {}) =>
  lookedAt({ streamId: 'news', session: 's1', ptsMs }, [{ score, ...more }]);
const event = (more: object = {}) => appearance(1, { startPtsMs: 1_000, endPtsMs: 5_000, ...more });

describe('BestFrames', () => {
  it('keeps the best frame of an appearance, as a picture with what was found in it', async () => {
    const frames = new BestFrames();
    frames.see(at(1_200, 0.5));
    frames.see(at(1_400, 0.9));
    frames.see(at(1_600, 0.6));
    frames.appearance(event());
    const kept = await frames.of('appearance-1');
    assert.equal(kept?.ptsMs, 1_400);
    assert.deepEqual(
      kept.detections.map((d) => d.score),
      [0.9],
    );
    assert.deepEqual(await frames.frame(kept.id), kept);
    const { width, height, format } = await sharp(kept.jpeg).metadata();
    assert.deepEqual([width, height, format], [320, 180, 'jpeg']);
  });

  it('takes a better one while the appearance lasts, and none of before, after or another session', async () => {
    const frames = new BestFrames();
    frames.see(at(500, 0.99));
    frames.appearance(event());
    assert.equal(await frames.of('appearance-1'), undefined);
    frames.see(lookedAt({ streamId: 'news', session: 's2', ptsMs: 2_000 }, [{ score: 0.999 }]));
    frames.appearance(event({ revision: 1 }));
    assert.equal(await frames.of('appearance-1'), undefined);
    frames.see(at(3_000, 0.7));
    frames.appearance(event({ revision: 2 }));
    assert.equal((await frames.of('appearance-1'))?.ptsMs, 3_000);
    frames.see(at(4_000, 0.95));
    frames.appearance(event({ revision: 3, state: 'ended' }));
    assert.equal((await frames.of('appearance-1'))?.ptsMs, 4_000);
    frames.see(at(6_000, 0.99));
    frames.appearance(appearance(2, { startPtsMs: 5_900, endPtsMs: 7_000 }));
    assert.equal((await frames.of('appearance-1'))?.ptsMs, 4_000);
    assert.equal((await frames.of('appearance-2'))?.ptsMs, 6_000);
  });

  it('of weak detections it keeps a frame while their appearance is open, and not before', async () => {
    const frames = new BestFrames();
    frames.see(at(1_200, 0.2, { confident: false }));
    frames.appearance(event());
    assert.equal(await frames.of('appearance-1'), undefined);
    frames.see(at(1_400, 0.2, { confident: false }));
    frames.appearance(event({ revision: 1 }));
    assert.equal((await frames.of('appearance-1'))?.ptsMs, 1_400);
  });

  it('passes over no first frame while others are being encoded', async () => {
    const frames = new BestFrames();
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const n of numbers)
      frames.see(lookedAt({ streamId: `s${n}`, session: 's1', ptsMs: 1_500 }, [{ score: 0.9 }]));
    for (const n of numbers)
      frames.appearance(appearance(n, { streamId: `s${n}`, startPtsMs: 1_000, endPtsMs: 2_000 }));
    for (const n of numbers) assert.equal((await frames.of(`appearance-${n}`))?.streamId, `s${n}`);
  });

  it('keeps so many and no more', async () => {
    const frames = new BestFrames(3);
    const ids: string[] = [];
    for (let n = 1; n <= 5; n++) {
      frames.see(at(n * 10_000, 0.9));
      frames.appearance(
        appearance(n, { startPtsMs: n * 10_000 - 1, endPtsMs: n * 10_000 + 1, state: 'ended' }),
      );
      const kept = await frames.of(`appearance-${n}`);
      ids.push(kept?.id ?? '');
    }
    assert.equal(new Set(ids).size, 5);
    await new Promise((resolve) => setImmediate(resolve));
    const there = await Promise.all(ids.map(async (id) => (await frames.frame(id)) !== undefined));
    assert.deepEqual(there, [false, false, true, true, true]);
    assert.equal(await frames.of('appearance-1'), undefined);
  });
});
