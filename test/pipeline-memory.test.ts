import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBus } from '../src/bus/memory.js';
import { topics } from '../src/bus/topics.js';
import type { Frame } from '../src/core/frame.js';
import type { Detector } from '../src/infer/detector.js';
import { runInference, runSmoothing } from '../src/infer/flow.js';
import { heldBytes } from './support/heap.js';

const [WIDTH, HEIGHT] = [16, 9];
const content = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
/** So many that what the first ones compile does not count. */
const FRAMES = 20_000;
const BYTES_A_FRAME_MAX = 100;

function frame(seq: number): Frame {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(50 + (seq % 2) * 100);
  const at = {
    streamId: 'a',
    session: 's',
    ptsUs: seq * 200_000,
    wallTimeMs: seq * 200,
    clock: 'file' as const,
  };
  const size = { width: WIDTH, height: HEIGHT, content, format: 'rgb24' as const, data };
  return { kind: 'frame', ...at, seq, arrivalMs: 0, live: false, ...size };
}

/** A logo for ten of a hundred frames, so that appearances come and go. */
function blinking(): Detector {
  let calls = 0;
  const box = [0.1, 0.1, 0.2, 0.2] as const;
  return {
    model: { id: 'm', hash: 'h', labels: ['x'], inputs: [], engine: 'test' },
    detect: async (images) =>
      images.map(() =>
        calls++ % 100 < 10 ? [{ label: 'x', score: 0.999, llr: 12, confident: true, box }] : [],
      ),
    close: async () => undefined,
  };
}

test('a frame that has passed inference and smoothing leaves nothing behind', async () => {
  const bus = new MemoryBus({ capacity: 8 });
  const telemetry = { emit: () => undefined };
  let ended = 0;
  const reading = (async () => {
    for await (const batch of bus.subscribe(topics.appearances, { group: 'out', maxRecords: 8 })) {
      ended += batch.records.filter(({ value }) => value.state === 'ended').length;
      await batch.commit();
    }
  })();
  const stages = [runInference({ bus, detector: blinking(), telemetry }), runSmoothing({ bus, telemetry })];
  let before = 0;
  let grown = 0;
  for (let seq = 0; seq < FRAMES + 1_000; seq++) {
    if (seq === 1_000) before = heldBytes();
    await bus.send(topics.frames, [{ key: 'a', value: frame(seq) }]);
  }
  grown = heldBytes() - before;
  await bus.end(topics.frames);
  await Promise.all([...stages, reading]);
  await bus.close();
  assert.ok(ended >= 60, `${ended} appearances`);
  assert.ok(grown < FRAMES * BYTES_A_FRAME_MAX, `${Math.round(grown / FRAMES)} bytes a frame`);
});
