import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FrameQueue } from '../../src/ingest/frame-queue.js';
import type { SourceFrame } from '../../src/ingest/source.js';

const frame = (index: number, extra: Partial<SourceFrame> = {}): SourceFrame => ({
  ptsUs: index * 200_000,
  index,
  arrivalMs: 0,
  width: 1,
  height: 1,
  content: { x: 0, y: 0, width: 1, height: 1 },
  data: new Uint8Array(3),
  ...extra,
});
const take = async (queue: FrameQueue) => (await queue.next()).value?.index;

it('keeps the newest of a live source and counts the others', async () => {
  const queue = new FrameQueue({ capacity: 2, dropOldest: true });
  for (let i = 0; i < 10; i += 1) assert.equal(queue.push(frame(i)), true);
  queue.end();
  assert.deepEqual([await take(queue), await take(queue), await take(queue)], [8, 9, undefined]);
  assert.equal(queue.dropped, 8);
});

it('hands the fact of a jump on to the frame that stays', async () => {
  const queue = new FrameQueue({ capacity: 1, dropOldest: true });
  const gapBefore = { reason: 'pts-jump', missingUs: 0 } as const;
  queue.push(frame(0, { gapBefore }));
  queue.push(frame(1));
  queue.push(frame(2));
  assert.deepEqual((await queue.next()).value?.gapBefore, gapBefore);
});

it('tells a file to wait, loses nothing, and says when there is room', async () => {
  let rooms = 0;
  const queue = new FrameQueue({ capacity: 2, dropOldest: false, onRoom: () => (rooms += 1) });
  assert.deepEqual(
    [0, 1, 2].map((i) => queue.push(frame(i))),
    [true, false, false],
  );
  assert.equal(await take(queue), 0);
  assert.equal(rooms, 0);
  assert.equal(await take(queue), 1);
  assert.equal(rooms, 1);
  queue.end();
  assert.equal(await take(queue), 2);
  assert.equal(await take(queue), undefined);
  assert.equal(queue.dropped, 0);
});

it('wakes a waiting reader with a frame and with the end', async () => {
  const queue = new FrameQueue({ capacity: 2, dropOldest: true });
  const first = take(queue);
  queue.push(frame(7));
  assert.equal(await first, 7);
  const second = take(queue);
  queue.end(true);
  assert.equal(await second, undefined);
});
