import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Clips } from '../../src/evidence/clip/clips.js';
import { clipEncoder, type EncodeClip, rateOf, slotsOf } from '../../src/evidence/clip/encode.js';
import { eraseEvidence } from '../../src/evidence/erase.js';
import { Evidence } from '../../src/evidence/evidence.js';
import { EvidenceFolder } from '../../src/evidence/folder.js';
import { sampledPicture } from '../../src/evidence/picture.js';
import type { EvidenceRecord } from '../../src/evidence/record.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { until } from '../support/wait.js';
import { END, ended, event, frameAt, START, section, show } from './clip-support.js';
import { diskUsage, places, tree, withFolder } from './support.js';

const open = (encode: EncodeClip, more: object = {}) =>
  new Clips({ section: section(more), encode, onFrameLoss: () => undefined });

describe('a clip from ffmpeg', { timeout: 60_000 }, () => {
  const withEncoder = (body: (encode: EncodeClip, path: string) => Promise<void>) =>
    withFolder(async (path) => body(await clipEncoder(path, (await npmFfmpeg()).path), path));
  const never = new AbortController().signal;

  it('shows the pictures at their times, whatever was missing between them', () =>
    withEncoder(async (encode, path) => {
      const clips = open(encode);
      await show((looked) => clips.see(looked), 2_000, 5_000);
      await show((looked) => clips.see(looked), 7_000, 10_200);
      void clips.appearance(event());
      const clip = await clips.appearance(ended());
      assert.ok(typeof clip === 'object', String(clip));
      assert.deepEqual([clip.width, clip.height, clip.fps, clip.frames], [320, 180, 5, 32]);
      writeFileSync(join(path, 'c.mp4'), clip.mp4);
      const raw = execFileSync(
        (await npmFfmpeg()).path,
        [
          '-v',
          'error',
          '-i',
          join(path, 'c.mp4'),
          '-vf',
          'scale=1:1',
          '-pix_fmt',
          'rgb24',
          '-f',
          'rawvideo',
          '-',
        ],
        { timeout: 20_000 },
      );
      // Tenths of a second: 2 s to 5 s, the last of them held, 7 s to 10 s.
      assert.equal(raw.length, 41 * 3);
      for (const [i, expected] of [
        [0, 20],
        [10, 40],
        [15, 50],
        [20, 50],
        [25, 70],
        [40, 100],
      ] as const)
        assert.ok(Math.abs(raw[3 * i]! - expected) <= 3, `${i}: ${raw[3 * i]}, not ${expected}`);
      assert.deepEqual(tree(path), ['c.mp4'], 'nothing is left');
    }));

  it('is no larger than it may be', () =>
    withEncoder(async (encode) => {
      const clips = open(encode, { maxMegabytes: 0.1 });
      await show((looked) => clips.see(looked), START, END, { noise: true });
      const clip = await clips.appearance(ended({ endReason: 'stopped' }));
      assert.ok(typeof clip === 'object', String(clip));
      assert.ok(clip.mp4.length <= 100_000 && clip.mp4.length > 20_000, `${clip.mp4.length}`);
    }));

  it('takes its ffmpeg along when all is over, and says what went wrong', () =>
    withEncoder(async (encode, path) => {
      const job = { width: 320, height: 180, maxBytes: 1e6 };
      const bad = { ...job, pictures: [{ ptsMs: 0, jpeg: Buffer.from('no picture') }] };
      await assert.rejects(encode(bad, never), { reason: 'failed' });
      const stopped = new AbortController();
      const jpeg = await sampledPicture(frameAt(100).frame);
      // Without a stop it would take minutes.
      const pictures = Array.from({ length: 50_000 }, (_, i) => ({ ptsMs: i * 200, jpeg }));
      const made = encode({ ...job, pictures }, stopped.signal);
      await until('it is at work', () => tree(path).some((p) => p.endsWith('clip.mp4')));
      stopped.abort();
      await assert.rejects(made, { reason: 'stop' });
      assert.deepEqual(tree(path), []);
      assert.deepEqual(childrenOf(process.pid), []);
    }));

  it('has the rate of its pictures', () => {
    const at = (...times: number[]) => times.map((ptsMs) => ({ ptsMs, jpeg: Buffer.from([ptsMs / 200]) }));
    assert.equal(rateOf(at(0)), 1);
    assert.equal(rateOf(at(0, 201, 399, 1_000)), 5);
    assert.equal(rateOf(at(0, 20, 40)), 25);
    assert.deepEqual(
      slotsOf(at(0), 1).map(([v]) => v),
      [0],
    );
    assert.deepEqual(
      slotsOf(at(0, 220, 380, 1_000), 5).map(([v]) => v),
      [0, 1, 1, 1, 1, 5],
    );
  });
});

describe('Evidence with clips', { timeout: 60_000 }, () => {
  async function openEvidence(path: string, maxBytes = 1e9) {
    const telemetry = new RecordingTelemetry();
    const folder = await EvidenceFolder.open({ path, days: 30, maxBytes, telemetry });
    await folder.sweep();
    const { path: ffmpeg } = await npmFfmpeg();
    const encode = await clipEncoder(join(path, 'staging'), ffmpeg);
    const clips = new Clips({ section: section(), encode, onFrameLoss: () => undefined });
    const evidence = new Evidence({ folder, telemetry, clips });
    const dropped = () =>
      telemetry.events.flatMap((e) => (e.type === 'evidence-clip-dropped' ? [e.reason] : []));
    return { evidence, folder, dropped };
  }
  const recordIn = (path: string): EvidenceRecord =>
    JSON.parse(readFileSync(join(path, places(path)[0]!, 'evidence.json'), 'utf8'));

  it('keep one beside the pictures, with its hash, over a restart, until it is erased', () =>
    withFolder(async (path) => {
      const { evidence, folder, dropped } = await openEvidence(path);
      await show(evidence.see, 2_000, END);
      await evidence.sink().write([event(), ended()]);
      await until('the pictures are there', () => places(path).length === 1);
      assert.equal(recordIn(path).clip, undefined);
      await evidence.close();
      assert.deepEqual(dropped(), []);
      const { clip } = recordIn(path);
      assert.deepEqual([clip?.startPtsMs, clip?.endPtsMs, clip?.frames], [2_000, END, 31]);
      assert.ok(
        Math.abs(folder.bytes - diskUsage(path)) <= 2 * 4096,
        `${folder.bytes} of ${diskUsage(path)}`,
      );

      const later = await openEvidence(path);
      assert.equal(later.folder.bytes, folder.bytes);
      const kept = await later.evidence.clip('appearance-1');
      assert.deepEqual(kept?.clip, clip);
      const bytes = await kept?.read();
      const [place = ''] = places(path);
      assert.deepEqual(bytes, readFileSync(join(path, place, 'clip.mp4')));
      writeFileSync(join(path, place, 'clip.mp4'), bytes!.subarray(1));
      assert.equal(await kept?.read(), undefined, 'not what was written');
      assert.equal(await later.evidence.clip('appearance-2'), undefined);
      assert.equal(await eraseEvidence(path, { streams: ['news'] }, true), 1);
      assert.equal(await later.evidence.clip('appearance-1'), undefined);
      assert.deepEqual(
        tree(path).filter((p) => p.endsWith('.mp4')),
        [],
      );
      await later.evidence.close();
    }));

  it('none comes to what was erased meanwhile, nor makes more than there may be', () =>
    withFolder(async (path) => {
      const { evidence, dropped } = await openEvidence(path);
      await show(evidence.see, 2_000, END);
      await evidence.sink().write([event(), ended()]);
      await until('the pictures are there', () => places(path).length === 1);
      assert.equal(await eraseEvidence(path, {}, true), 1);
      await evidence.close();
      assert.deepEqual(dropped(), ['no-picture']);
      assert.deepEqual(places(path), []);
      assert.deepEqual(tree(join(path, 'staging')), []);

      const small = await openEvidence(path, 16_384);
      await show(small.evidence.see, 2_000, END);
      await small.evidence.sink().write([event(), ended()]);
      await small.evidence.close();
      assert.ok(diskUsage(path) <= 16_384 + 2 * 4096);
    }));
});

const childrenOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
