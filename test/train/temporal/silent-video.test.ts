import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictureCache } from '../../../src/train/compose/cache.js';
import type { Sources } from '../../../src/train/compose/sources.js';
import { type SilentFrame, silentVideo } from '../../../src/train/temporal/silent-video.js';

/** What a user without any negatives has: made-up scenes and marks. */
const sources: Sources = {
  brands: ['a'],
  photos: [],
  photosByBrand: [[]],
  artByBrand: [[]],
  scenes: [],
  distractors: [],
  distractorArt: [],
};

async function frames(seed: number): Promise<SilentFrame[]> {
  const all: SilentFrame[] = [];
  const video = silentVideo({ sources, cache: new PictureCache(), seed, seconds: 12, fps: 2 });
  for await (const frame of video) all.push(frame);
  return all;
}

test('shots of 2 to 6 s, alike within, cut hard, the same for the same seed', async () => {
  const video = await frames(1);
  assert.ok(video.length >= 24 && video.length < 24 + 12);
  assert.ok(video.every((f) => f.width === 640 && f.height === 360 && f.data.length === 640 * 360 * 3));
  const cuts = video.flatMap((f, i) => (f.shotCut ? [i] : []));
  assert.equal(cuts[0], 0);
  const lengths = cuts.slice(1).map((c, i) => (c - cuts[i]!) / 2);
  assert.ok(
    lengths.every((s) => s >= 2 && s <= 6),
    String(lengths),
  );
  const change = (i: number) => {
    let sum = 0;
    for (let k = 0; k < video[i]!.data.length; k += 31)
      sum += Math.abs(video[i]!.data[k]! - video[i - 1]!.data[k]!);
    return sum;
  };
  const mean = (wanted: boolean) => {
    const of = video.flatMap((f, i) => (i > 0 && f.shotCut === wanted ? [change(i)] : []));
    return of.reduce((a, b) => a + b, 0) / of.length;
  };
  assert.ok(mean(true) > 1.5 * mean(false), `${mean(true)} at cuts, ${mean(false)} between`);
  const again = await frames(1);
  assert.deepEqual(
    again.map((f) => Buffer.from(f.data).equals(video[again.indexOf(f)]!.data)),
    again.map(() => true),
  );
  assert.notDeepEqual((await frames(2))[0]!.data.slice(0, 3000), video[0]!.data.slice(0, 3000));
});
