import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Evidence } from '../../src/evidence/evidence.js';
import { EvidenceFolder } from '../../src/evidence/folder.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { enlarge, mountSmall, unmount } from '../support/small-disk.js';
import { appearance, lookedAt } from '../web/support.js';
import { places, withFolder } from './support.js';

async function open(path: string) {
  const telemetry = new RecordingTelemetry();
  const folder = await EvidenceFolder.open({ path, days: 30, maxBytes: 1e9, telemetry });
  const evidence = new Evidence({ folder, telemetry });
  const dropped = (why: string) =>
    telemetry.events.filter((e) => e.type === 'evidence-dropped' && e.reason === why).length;
  const warnings = () => telemetry.events.filter((e) => e.type === 'warning').map((e) => e.message);
  /** An appearance from its start to its end, with a frame of it. */
  const appear = async (n: number) => {
    const [startPtsMs, endPtsMs] = [n * 10_000, n * 10_000 + 4_000];
    evidence.see(lookedAt({ streamId: 'news', session: 's1', ptsMs: startPtsMs + 500 }));
    const event = { startPtsMs, endPtsMs };
    const sink = evidence.sink();
    await sink.write([appearance(n, event), appearance(n, { ...event, revision: 1, state: 'ended' })]);
    await sink.close();
  };
  return { evidence, dropped, warnings, appear };
}

describe('Evidence', { timeout: 60_000 }, () => {
  it('writes an appearance when it has ended, and shows it when memory no longer has it', () =>
    withFolder(async (path) => {
      const { evidence, appear } = await open(path);
      evidence.see(lookedAt({ streamId: 'news', session: 's1', ptsMs: 5_500 }, [{ label: 'globex' }]));
      await evidence.sink().write([appearance(0, { label: 'globex', startPtsMs: 5_000, endPtsMs: 6_000 })]);
      await evidence.settle();
      assert.deepEqual(places(path), [], 'it has not ended');
      await appear(1);
      assert.equal(places(path).length, 1);
      const shown = await evidence.of('appearance-1');
      const crop = await evidence.crop(appearance(1));
      await evidence.close();

      const later = await open(path);
      assert.deepEqual(await later.evidence.of('appearance-1'), shown);
      assert.deepEqual(await later.evidence.frame(shown?.id ?? ''), shown);
      assert.deepEqual(await later.evidence.crop(appearance(1)), crop);
      assert.equal(await later.evidence.of('appearance-2'), undefined);
      await later.evidence.close();
    }));

  it('shows the crop of what is in memory alone, and of nothing none', async () => {
    const evidence = new Evidence();
    evidence.see(lookedAt({ streamId: 'news', session: 's1', ptsMs: 1_500 }));
    evidence.appearance(appearance(1, { startPtsMs: 1_000, endPtsMs: 2_000 }));
    assert.deepEqual((await evidence.crop(appearance(1)))?.subarray(0, 2), Buffer.from([0xff, 0xd8]));
    assert.equal(await evidence.crop(appearance(2)), undefined);
    await evidence.close();
  });

  it('drops what comes faster than it can be written, and counts it', () =>
    withFolder(async (path) => {
      const { evidence, dropped } = await open(path);
      for (let n = 0; n < 300; n++) evidence.appearance(appearance(n, { state: 'ended' }));
      await evidence.settle();
      assert.ok(dropped('queue') > 0 && dropped('queue') < 60, `${dropped('queue')}`);
      assert.equal(dropped('queue') + dropped('no-frame'), 300);
      await evidence.close();
    }));

  it('a disk that hangs holds up no end', async () => {
    // No real disk hangs when one asks it to.
    const folder = { put: () => new Promise(() => {}) } as unknown as EvidenceFolder;
    const telemetry = new RecordingTelemetry();
    const evidence = new Evidence({ folder, telemetry });
    for (const n of [1, 2, 3]) {
      const event = { startPtsMs: n * 1_000, endPtsMs: n * 1_000 + 900 };
      evidence.see(lookedAt({ streamId: 'news', session: 's1', ptsMs: n * 1_000 }));
      evidence.appearance(appearance(n, { ...event, state: 'ended' }));
    }
    await evidence.settle(50);
    assert.deepEqual(
      telemetry.events,
      [2, 3].map(() => ({ type: 'evidence-dropped', reason: 'stop' })),
    );
  });

  it('a full disk costs evidence alone, is said once, and is over when there is space', (t) =>
    withFolder(async (path) => {
      if (!mountSmall(path, '128k')) return t.skip('mounting a small tmpfs is not allowed here');
      try {
        const { evidence, dropped, warnings, appear } = await open(path);
        for (let n = 1; n <= 20; n++) await appear(n);
        const kept = places(path).length;
        assert.ok(kept >= 3 && kept < 20, `${kept}`);
        assert.equal(dropped('disk-full'), 20 - kept);
        assert.equal(warnings().length, 1);
        assert.match(
          warnings()[0]!,
          /disk of .* is full: evidence is dropped until there is space, events go on/,
        );
        assert.ok(await evidence.of('appearance-20'), 'memory has it');
        enlarge(path, '1m');
        await appear(21);
        assert.equal(places(path).length, kept + 1);
        await evidence.close();
        // What is there is whole.
        const later = await open(path);
        for (let n = 1; n <= kept; n++) assert.ok(await later.evidence.of(`appearance-${n}`), `${n}`);
        await later.evidence.close();
      } finally {
        unmount(path);
      }
    }));
});
