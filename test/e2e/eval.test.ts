import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { brandArt, DEMO_BRANDS } from '../../src/demo/brands.js';
import { type CliResult, startCli } from '../support/cli.js';
import { writeCoco, writePicture } from '../train/evaluate/support.js';

const model = join(repoRoot(), 'models', 'demo');

describe('logowatch eval, on generated art with the shipped model', () => {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  const run = (...args: string[]): Promise<CliResult> =>
    startCli(args, { cwd: folder, limitMs: 300_000 }).ended;

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-eval-'));
    await writeCoco(at('logos'), DEMO_BRANDS);
    await writeCoco(at('others'), ['wikipedia', 'dell', 'intel', 'netflix']);
    for (let i = 0; i < 12; i++) await writePicture(at('scenes', `s${i}.jpg`), i * 29);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('measures what `detect` answers to the same pictures', async () => {
    const { code, stdout, stderr } = await run(
      'eval',
      model,
      at('logos'),
      '--negatives',
      at('scenes'),
      at('others'),
      '-o',
      at('report'),
      '--json',
    );
    assert.equal(code, 0, stderr);
    const figures = JSON.parse(stdout);
    assert.deepEqual([figures.data.logos, figures.data.logoFree, figures.data.unknown], [8, 12, 4]);
    assert.deepEqual(figures.data.composed, { logos: false, logoFree: false, unknown: false });

    const answers = await run('detect', model, at('logos'), at('scenes'), at('others'), '--json', '--all');
    const lines = answers.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const of = (part: string) => lines.filter((l) => l.file.startsWith(at(part)));
    const top = (l: { detections: { score: number }[] }): number => l.detections[0]?.score ?? 0;
    const [logos, scenes, others] = [of('logos'), of('scenes').map(top), of('others').map(top)];
    let above = 0;
    for (const l of logos) for (const n of scenes) above += top(l) > n ? 1 : top(l) === n ? 0.5 : 0;
    assert.ok(Math.abs(figures.pictures.auroc.value - above / (8 * 12)) < 1e-9);
    const right = logos.filter((l) => basename(l.file).startsWith(`${l.detections[0].label}-`));
    assert.equal(figures.pictures.rightBrand.hits, right.length);
    assert.ok(right.length >= 6, `${right.length} of 8 brands`);
    const highest = Math.max(...scenes);
    const [one] = figures.pictures.operatingPoints;
    assert.ok(Math.abs(one.threshold - highest) < 1e-6);
    assert.equal(one.unknownReported.hits, others.filter((v) => v > highest).length);
    assert.equal(figures.worst.logoFree.length, 12);
    assert.ok(Math.abs(figures.worst.logoFree[0].score - highest) < 1e-6);
    assert.ok(figures.detection.map50.value > 0.4, `mAP ${figures.detection.map50.value}`);
    assert.equal(figures.detection.boxes, 8);
    assert.equal(figures.brands.length, 8);
    assert.ok(figures.brands.every((b: { threshold: number }) => b.threshold > 0));
  });

  it('composes what the user has none of, says so, and makes one page that needs nothing else', async () => {
    const { code, stdout, stderr } = await run(
      'eval',
      model,
      at('logos'),
      '--composed',
      '8',
      '--frames',
      '8',
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /8 logo-free \(composed\); 4 of unknown logos \(composed\); 8 small-logo frames/);
    assert.match(stdout, /You brought no logo-free pictures/);
    assert.match(stdout, /^12 to 20 % +2 /m);
    for (const brand of DEMO_BRANDS) assert.match(stdout, new RegExp(`^${brand} +1 `, 'm'));
    assert.match(stderr, /looking at pictures: 28\/28/);

    const page = readFileSync(at('out', 'eval.html'), 'utf8');
    assert.deepEqual(readdirSync(at('out')), ['eval.html']);
    for (const title of [
      'ROC',
      'Precision and recall',
      'Reliability',
      'Best score of each picture',
      'Small logos',
    ])
      assert.match(page, new RegExp(`aria-label="${title}`));
    const pictures = page.match(/<image href="data:image\/jpeg;base64,[^"]{500,}"/g) ?? [];
    // All composed negatives, all logos as the least sure ones, and those taken for another brand.
    assert.ok(pictures.length >= 8 + 4 + 8, `${pictures.length} pictures`);
    assert.doesNotMatch(page.replaceAll(/base64,[^"]+/g, ''), /(src|href)="(?!data:)|NaN|undefined/);
  });

  it('--exclude takes pictures out of the negatives; an unreadable one is named and left out', async () => {
    writeFileSync(at('scenes', 'broken.jpg'), 'no picture');
    writeFileSync(at('marked.txt'), 'scenes/s3.jpg\tholds a brand\nscenes/s4.jpg\n');
    const { code, stdout, stderr } = await run(
      'eval',
      model,
      at('logos'),
      '--negatives',
      at('scenes'),
      at('others'),
      '--exclude',
      at('marked.txt'),
      '-o',
      at('report'),
    );
    rmSync(at('scenes', 'broken.jpg'));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /; 10 logo-free; 4 of unknown logos/);
    assert.match(stdout, /2 logo-free or unknown-logo pictures were left out/);
    assert.match(stdout, /! not read: .*broken\.jpg/);
  });

  it('reads class folders without boxes, and logo art alone', async () => {
    await writePicture(at('weak', 'docker', 'a.jpg'), 1, 'docker');
    await writePicture(at('weak', 'github', 'b.jpg'), 90, 'github');
    const weak = await run('eval', model, at('weak'), '--composed', '6', '-o', at('report'), '--json');
    assert.equal(weak.code, 0, weak.stderr);
    const figures = JSON.parse(weak.stdout);
    assert.equal(figures.detection, null);
    assert.equal(figures.brands[0].ap50, null);
    assert.equal(figures.data.logos, 2);

    mkdirSync(at('art'));
    for (const { label, svg } of (await brandArt()).filter((a) => a.style === 'plate'))
      writeFileSync(at('art', `${label}.svg`), svg);
    const art = await run('eval', model, at('art'), '--composed', '6', '--frames', '8', '-o', at('report'));
    assert.equal(art.code, 0, art.stderr);
    assert.match(art.stdout, /8 pictures with a logo \(composed\)/);
    assert.match(art.stdout, /composed from its art/);
  });

  it('says what is wrong before it works', async () => {
    const alien = await run('eval', model, at('others'), '-o', at('report'));
    assert.equal(alien.code, 1);
    assert.match(alien.stderr, /none of the brands of the model/);
    const blocked = await run('eval', model, at('logos'), '-o', at('marked.txt', 'x'));
    assert.equal(blocked.code, 2);
    assert.match(blocked.stderr, /report cannot be written/);
    assert.equal((await run('eval', model, at('logos'), '--exclude', at('none.txt'))).code, 2);
    assert.equal((await run('eval', model, at('logos'), '--frames', '0')).code, 2);
    assert.equal((await run('eval', at('none'), at('logos'), '-o', at('report'))).code, 1);
    assert.ok(!existsSync(at('none')));
  });
});
