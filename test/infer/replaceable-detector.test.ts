import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Detection } from '../../src/core/detection.js';
import type { Detector } from '../../src/infer/detector.js';
import { ReplaceableDetector } from '../../src/infer/replaceable-detector.js';

/** Answers when it is told to, with its own name as label. */
function detector(hash: string, sizes: readonly [number, number][] = [[640, 360]]) {
  const waiting: (() => void)[] = [];
  const state = { closed: false, answer: () => waiting.splice(0).forEach((done) => void done()) };
  const inputs = sizes.map(([width, height]) => ({ width, height }));
  const detections: Detection[] = [{ label: hash, score: 1, llr: 5, confident: true, box: [0, 0, 1, 1] }];
  const of: Detector = {
    model: { id: hash, hash, labels: [hash], inputs, engine: 'onnx-f32' },
    concurrency: 2,
    detect: () =>
      new Promise((resolve, reject) =>
        waiting.push(() => (state.closed ? reject(new Error('closed')) : resolve([detections]))),
      ),
    close: async () => {
      state.closed = true;
    },
  };
  return { of, state };
}

const picture = {
  width: 640,
  height: 360,
  content: { x: 0, y: 0, width: 640, height: 360 },
  data: new Uint8Array(),
};

describe('ReplaceableDetector', () => {
  it('lets the one before answer what it was asked, and then closes it', async () => {
    const [a, b] = [detector('a'), detector('b')];
    const both = new ReplaceableDetector(a.of);
    const before = both.detect([picture]);
    assert.deepEqual([both.model.id, both.concurrency], ['a', 2]);
    await both.replaceBy(b.of);
    assert.equal(both.model.id, 'b');
    const after = both.detect([picture]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(a.state.closed, false, 'it has not answered');
    a.state.answer();
    b.state.answer();
    assert.equal((await before)[0]?.[0]?.label, 'a');
    assert.equal((await after)[0]?.[0]?.label, 'b');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([a.state.closed, b.state.closed], [true, false]);
    await both.close();
    assert.equal(b.state.closed, true);
  });

  it('keeps the one before where the new one cannot look at its frames', async () => {
    const [a, b] = [
      detector('a', [
        [640, 360],
        [480, 480],
      ]),
      detector('b', [[640, 360]]),
    ];
    const both = new ReplaceableDetector(a.of);
    await assert.rejects(both.replaceBy(b.of), {
      code: 'model-incompatible',
      value: '640x360 instead of 480x480',
    });
    assert.deepEqual([both.model.id, a.state.closed, b.state.closed], ['a', false, true]);
    await both.close();
    assert.equal(a.state.closed, true);
  });
});
