import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LookedAt } from '../../src/bus/tapped.js';
import { Clips } from '../../src/evidence/clip/clips.js';
import { ClipError, type EncodeClip } from '../../src/evidence/clip/encode.js';
import { until } from '../support/wait.js';
import { appearance } from '../web/support.js';
import { END, ended, event, frameAt, START, section, show } from './clip-support.js';

const INSTANT: EncodeClip = async ({ pictures, width, height }) => ({
  ...{ mp4: Buffer.from(JSON.stringify(pictures.map((p) => p.ptsMs))), width, height, fps: 5 },
});

function open(encode: EncodeClip, more: object = {}) {
  const lost: string[] = [];
  const clips = new Clips({ section: section(more), encode, onFrameLoss: (reason) => lost.push(reason) });
  return { clips, lost, see: (looked: LookedAt) => clips.see(looked) };
}

async function timesOf(made: ReturnType<Clips['appearance']>): Promise<number[]> {
  const clip = await made;
  assert.ok(typeof clip === 'object', String(clip));
  return JSON.parse(clip.mp4.toString());
}

describe('Clips', { timeout: 60_000 }, () => {
  it('are cut when what follows the end was seen, with the seconds before', async () => {
    const { clips, see } = open(INSTANT);
    await show(see, 0, 9_000);
    assert.equal(clips.appearance(event()), undefined);
    const made = clips.appearance(ended());
    assert.equal(await Promise.race([made, 'not yet']), 'not yet');
    await show(see, 9_200, 11_000);
    const times = await timesOf(made);
    assert.deepEqual([times[0], times.at(-1), times.length], [2_000, 10_000, 41]);
  });

  it('of one that lasts longer than a clip may, show its beginning', async () => {
    const { clips, see } = open(INSTANT, { maxSeconds: 5 });
    await show(see, 0, 5_000);
    void clips.appearance(event());
    await show(see, 5_200, 40_000);
    const times = await timesOf(clips.appearance(ended({ endPtsMs: 39_000 })));
    assert.deepEqual([times[0], times.at(-1)], [2_000, 7_000]);
  });

  it('do not wait for what cannot follow: the stream is gone, or all is over', async () => {
    const { clips, see } = open(INSTANT);
    await show(see, 0, END);
    void clips.appearance(event());
    const times = await timesOf(clips.appearance(ended({ endReason: 'stream-lost' })));
    assert.equal(times.at(-1), END);
    const later = clips.appearance(appearance(2, { startPtsMs: START, endPtsMs: END, ...over }));
    clips.hurry();
    assert.equal((await timesOf(later)).at(-1), END);
    await show(see, 0, 3_000, { session: 's2' });
    assert.equal(
      await clips.appearance(appearance(3, { ...over, session: 's3', endReason: 'stopped' })),
      'no-frame',
    );
  });
  const over = { state: 'ended' as const, endReason: 'gone' as const };

  it('hold no more than they may: the oldest frames of all streams give way, and clips that miss their beginning', async () => {
    const { clips, lost, see } = open(INSTANT, { memoryMegabytes: 0.2 });
    await show(see, 0, 4_000, { noise: true });
    await show(see, START, END + 2_200, { noise: true, streamId: 'other' });
    await until('the last is encoded', () => lost.length > 20);
    assert.equal(await clips.appearance(ended({ endPtsMs: START, endReason: 'stopped' })), 'memory');
    assert.ok(lost.every((reason) => reason === 'memory'));
  });

  it('of frames that come faster than they can be encoded, pass some over', async () => {
    const { lost, see } = open(INSTANT);
    for (let ptsMs = 0; ptsMs < 10_000; ptsMs += 200) see(frameAt(ptsMs));
    assert.deepEqual([...new Set(lost)], ['busy']);
    assert.equal(lost.length, 50 - 16);
  });

  it('are made one at a time, within memory, and not at all once all is over', async () => {
    let running = 0;
    const hanging: EncodeClip = (_, signal) => {
      running++;
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new ClipError('stop'))),
      );
    };
    const { clips, see } = open(hanging, { memoryMegabytes: 0.5 });
    await show(see, 0, END + 2_200, { noise: true });
    const end = (n: number) =>
      clips.appearance(
        appearance(n, { startPtsMs: END, endPtsMs: END + 200, ...over, endReason: 'stopped' }),
      );
    const all = [1, 2, 3, 4, 5, 6, 7, 8].map(end);
    await until('one is being made', () => running > 0);
    clips.stop();
    const counted = await Promise.all(all);
    assert.ok(counted.includes('queue') && counted.includes('stop'), counted.join(' '));
    assert.deepEqual(new Set(counted), new Set(['queue', 'stop']));
    assert.equal(running, 1);
  });
});
