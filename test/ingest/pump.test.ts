import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '../../src/core/frame.js';
import { pumpSession } from '../../src/ingest/pump.js';
import type { SessionPublisher } from '../../src/ingest/session-publisher.js';
import type { SourceSession } from '../../src/ingest/source.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { heldBytes } from '../support/heap.js';

/** A day at one frame in four seconds. */
const FRAMES = 20_000;
const BYTES_A_FRAME_MAX = 100;

test('a frame that has passed leaves nothing behind', async () => {
  let before = 0;
  let grown = 0;
  const frame = {} as Frame;
  const opened = {
    async *frames() {
      for (let i = 0; i < 1_000; i++) yield frame;
      before = heldBytes();
      for (let i = 0; i < FRAMES; i++) yield frame;
      grown = heldBytes() - before;
    },
    ended: Promise.resolve({ reason: 'end-of-file', final: true }),
    dropped: 0,
    close: async () => undefined,
  } as unknown as SourceSession;
  const publisher = { frame: async () => undefined, frames: 1 } as unknown as SessionPublisher;
  await pumpSession(opened, publisher, {
    streamId: 'a',
    source: 'a file',
    connectTimeoutMs: 60_000,
    stallTimeoutMs: 60_000,
    telemetry: new RecordingTelemetry(),
    signal: new AbortController().signal,
    monotonic: () => performance.now(),
  });
  assert.ok(grown < FRAMES * BYTES_A_FRAME_MAX, `${Math.round(grown / FRAMES)} bytes a frame`);
});
