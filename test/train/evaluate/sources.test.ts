import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { useShippedFonts } from '../../../src/core/fonts.js';
import { FrameComposer, WIDTH_BINS } from '../../../src/train/evaluate/frames.js';
import { gather } from '../../../src/train/evaluate/gather.js';
import { readSources } from '../../../src/train/evaluate/sources.js';
import { writeCoco, writePicture } from './support.js';

let folder: string;
const names = (files: readonly string[]): string[] => files.map((f) => basename(f)).sort();
before(async () => {
  useShippedFonts();
  folder = mkdtempSync(join(tmpdir(), 'logowatch-eval-'));
  await writeCoco(join(folder, 'data'), ['docker', 'github', 'wikipedia'], 2);
  await writeCoco(join(folder, 'others'), ['wikipedia', 'reddit']);
  await writePicture(join(folder, 'scenes', 'a.jpg'), 10);
  await writePicture(join(folder, 'scenes', 'b.jpg'), 20);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('files are sorted by what the model must say to them', async () => {
  const negatives = [join(folder, 'scenes'), join(folder, 'others')];
  const { logos, logoFree, unknown, notes } = await readSources(
    { dataset: join(folder, 'data'), negatives },
    ['docker', 'github', 'reddit', 'twitch'],
  );
  assert.deepEqual(names(logos.map((i) => i.file)), ['docker-0.jpg', 'github-1.jpg']);
  assert.deepEqual(names(logoFree), ['a.jpg', 'b.jpg', 'plain-0.jpg', 'plain-1.jpg']);
  // A brand that the model does not know; the other folder's picture of a brand that it knows is no negative.
  assert.deepEqual(names(unknown), ['wikipedia-0.jpg', 'wikipedia-2.jpg']);
  const said = notes.join('\n');
  assert.match(said, /does not know wikipedia/);
  assert.match(said, /nothing of reddit, twitch/);
  assert.match(said, /1 pictures of --negatives are annotated with a brand/);
});

test('--exclude takes listed pictures out of the negatives, by any way to name them', async () => {
  const list = join(folder, 'scenes', 'marked.txt');
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'data'), link);
  writeFileSync(
    list,
    `# looked at\na.jpg\ta remark\n\n${join(link, 'plain-1.jpg')}\n${join(folder, 'data', 'docker-0.jpg')}\nnone.jpg\n`,
  );
  const options = { dataset: join(folder, 'data'), negatives: [join(folder, 'scenes')], exclude: list };
  const { logos, logoFree, excluded, notes } = await readSources(options, ['docker', 'github']);
  assert.deepEqual(names(logoFree), ['b.jpg', 'plain-0.jpg']);
  assert.equal(logos.length, 2);
  assert.deepEqual(excluded, { listed: 4, leftOut: 2 });
  assert.match(notes.join('\n'), /2 logo-free or unknown-logo pictures were left out/);
  await assert.rejects(readSources({ ...options, exclude: join(folder, 'absent.txt') }, ['docker']), {
    code: 'usage',
  });
});

test('a data set of other brands is refused, with both lists of names', async () => {
  await assert.rejects(readSources({ dataset: join(folder, 'data') }, ['Docker']), (error: Error) => {
    assert.match(JSON.stringify(error), /docker, github, wikipedia.*Docker/);
    return true;
  });
});

test('where nothing is brought, scenes and made-up marks are composed, and the notes say so', async () => {
  const bare = join(folder, 'bare');
  await writeCoco(bare, ['docker', 'github']);
  const labels = ['docker', 'github'];
  const set = await gather({ dataset: bare, composed: 6 }, labels);
  const count = (kind: string): number => set.pictures.filter((p) => p.kind === kind).length;
  assert.deepEqual([count('logo'), count('logo-free'), count('unknown'), count('frame')], [2, 6, 3, 0]);
  assert.deepEqual(set.composed, { logos: false, logoFree: true, unknown: true });
  assert.match(set.notes.join('\n'), /generated scenes stand in[\s\S]*made-up marks stand in/);
  const again = await gather({ dataset: bare, composed: 6 }, labels);
  assert.deepEqual(again.pictures, set.pictures);
  const other = await gather({ dataset: bare, composed: 6, seed: 2 }, labels);
  assert.notDeepEqual(other.pictures, set.pictures);
});

test('small-logo frames: each width in turn, whole inside of the frame, each a function of its number', async () => {
  const { logos, logoFree } = await readSources({ dataset: join(folder, 'data') }, ['docker', 'github']);
  const sources = { labels: ['docker', 'github'], photos: logos, art: [], scenes: logoFree };
  const composer = new FrameComposer(sources, 3);
  for (let i = 0; i < 16; i++) {
    const picture = (await composer.picture(i))!;
    const [low, high] = [WIDTH_BINS[i % 4]!, WIDTH_BINS[(i % 4) + 1]!];
    assert.ok(picture.logoWidth! >= low && picture.logoWidth! < high);
    assert.equal(picture.labels.length, 1);
    const { box } = picture.truth!.boxes[0]!;
    const [x, y, w, h] = box;
    assert.ok(Math.abs(Math.max(w, h) / 640 - picture.logoWidth!) < 1e-9, `${box}`);
    assert.ok(x >= -1 && y >= -1 && x + w <= 641 && y + h <= 361, `${box}`);
  }
  const fresh = await new FrameComposer(sources, 3).picture(9);
  assert.deepEqual(fresh, await composer.picture(9));
  const broken = join(folder, 'broken.jpg');
  writeFileSync(broken, 'no picture');
  // A background that cannot be read gives way to a generated one.
  assert.ok(await new FrameComposer({ ...sources, scenes: [broken] }, 3).picture(0));
});
