import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryBus } from '../../src/bus/memory.js';
import { type LookedAt, TappedBus } from '../../src/bus/tapped.js';
import { topics } from '../../src/bus/topics.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { lookedAt } from '../web/support.js';

describe('TappedBus', () => {
  it('shows each frame with what was found in it, once, when its batch is committed', async () => {
    const seen: LookedAt[] = [];
    const bus = new TappedBus(new MemoryBus({ telemetry: new RecordingTelemetry() }), (looked) =>
      seen.push(looked),
    );
    const sent = [0, 1, 2].map((seq) => lookedAt({ streamId: 'news', session: 's1', ptsMs: seq * 200, seq }));
    await bus.send(
      topics.frames,
      sent.map(({ frame }) => ({ key: 'news', value: frame })),
    );
    await bus.end(topics.frames);
    const seenAt: number[] = [];
    for await (const batch of bus.subscribe(topics.frames, { group: 'infer', maxRecords: 2 })) {
      seenAt.push(seen.length);
      // The second frame was refused by the detector: nothing is known of it.
      const found = sent.filter(
        ({ frame }) => frame.seq !== 1 && batch.records.some((r) => r.value === frame),
      );
      const records = found.map((l) => ({ key: 'news', value: l.found }));
      await batch.commit([{ topic: topics.detections, records }]);
    }
    assert.deepEqual(seenAt, [0, 1], 'with its commit, not before');
    assert.deepEqual(
      seen.map(({ frame, found }) => [frame.seq, found.seq]),
      [
        [0, 0],
        [2, 2],
      ],
    );
    assert.equal(seen[0]?.frame, sent[0]?.frame, 'the frame itself, no copy');
    await bus.close();
  });
});
