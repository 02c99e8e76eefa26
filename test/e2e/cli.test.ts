import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { repoRoot } from '../../src/core/root.js';
import { loadIcon, markSvg } from '../../src/demo/brands.js';
import { runCli, startCli } from '../support/cli.js';

const model = join(repoRoot(), 'models', 'demo');

describe('the command line', () => {
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'logowatch-cli-'));
    const mark = Buffer.from(markSvg(await loadIcon('docker'), 'plate', 300));
    const scene = sharp({ create: { width: 1280, height: 720, channels: 3, background: '#789' } });
    await scene
      .composite([{ input: mark, left: 400, top: 200 }])
      .png()
      .toFile(join(folder, 'good.png'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const commands = [
    'demo',
    'watch',
    'detect',
    'train',
    'add-brand',
    'wrap',
    'eval',
    'mine',
    'promote',
    'calibrate',
  ];
  for (const command of commands) {
    it(`${command} --help shows examples`, async () => {
      const { code, stdout } = await runCli(command, '--help');
      assert.equal(code, 0);
      assert.match(stdout, /Examples:\n {2}logowatch /);
    });
  }

  it('exits 2 on wrong usage and suggests the nearest command', async () => {
    const wrong = await runCli('wach');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /Did you mean watch/);
    assert.equal((await runCli('train', 'x')).code, 2);
    assert.equal((await runCli('watch', 'x.mp4', '--fps', 'many')).code, 2);
    assert.equal((await runCli('watch', 'x.mp4', '--engine', 'abacus')).code, 2);
  });

  it('detect gives boxes in the pixels of the picture, and says which files are none', async () => {
    const broken = join(folder, 'broken.jpg');
    writeFileSync(broken, 'no picture');
    const result = await runCli('detect', model, join(folder, 'good.png'), broken, '--json');
    assert.equal(result.code, 1);
    assert.match(result.stderr, /broken\.jpg/);
    const lines = result.stdout.trim().split('\n');
    assert.equal(lines.length, 1);
    const answer = JSON.parse(lines[0] ?? '');
    assert.deepEqual([answer.width, answer.height], [1280, 720]);
    const best = answer.detections[0];
    assert.equal(best.label, 'docker');
    assert.ok(best.score > 0 && best.score <= 1);
    const [x, y, w, h] = best.box;
    const overlap = (Math.min(x + w, 700) - Math.max(x, 400)) * (Math.min(y + h, 500) - Math.max(y, 200));
    assert.ok(overlap / (w * h + 300 * 300 - overlap) > 0.3, JSON.stringify(best.box));
  });

  it('runs under its name, by the link that npm makes', () => {
    const { bin, version } = JSON.parse(readFileSync(join(repoRoot(), 'package.json'), 'utf8'));
    assert.deepEqual(Object.keys(bin), ['logowatch']);
    const target = join(repoRoot(), bin.logowatch);
    assert.match(readFileSync(target, 'utf8'), /^#!\/usr\/bin\/env node\n/);
    const link = join(folder, 'logowatch');
    symlinkSync(target, link);
    const { stdout, status } = spawnSync(process.execPath, [link, '--version'], { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, `${version}\n`]);
  });

  it('detect ends quietly when its reader goes away', async () => {
    const cli = startCli(['detect', model, join(folder, 'good.png'), '--json', '--all']);
    cli.child.stdout?.destroy();
    const { code, stderr } = await cli.ended;
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('detect says that a folder holds no pictures, and train what is wrong with its data', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const detect = await runCli('detect', model, empty);
    assert.equal(detect.code, 1);
    assert.match(detect.stderr, /holds no pictures/);
    const train = await runCli('train', empty, '-o', join(folder, 'm'));
    assert.equal(train.code, 1);
    assert.match(train.stderr, /empty/);
  });
});
