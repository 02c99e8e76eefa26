import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RawFrameReader } from '../../../src/ingest/ffmpeg/raw-frames.js';

it('cuts frames of one size from chunks of any size', () => {
  const bytes = Buffer.from(Array.from({ length: 70 }, (_, i) => i));
  for (const chunkSize of [1, 3, 10, 16, 29, 70]) {
    const frames: Uint8Array[] = [];
    const reader = new RawFrameReader(16, (frame) => frames.push(frame));
    for (let i = 0; i < bytes.length; i += chunkSize) reader.push(bytes.subarray(i, i + chunkSize));
    assert.deepEqual(Buffer.concat(frames), bytes.subarray(0, 64));
    assert.equal(frames.length, 4);
    assert.equal(reader.pendingBytes, 6);
    assert.equal(new Set(frames.map(({ buffer }) => buffer)).size, 4, 'each frame owns its buffer');
  }
});
