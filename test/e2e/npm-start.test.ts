import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { repoRoot } from '../../src/core/root.js';
import { DEMO_BRANDS } from '../../src/demo/brands.js';
import { Clips } from '../support/clips.js';

const root = repoRoot();
const model = join(root, 'models', 'demo');
const stamp = join(root, 'dist', '.logowatch-built');

/** As a user types it, in a folder of the user's. */
function npmStart(cwd: string, ...args: string[]) {
  const script = process.env.npm_execpath;
  const [command, ...first] = script?.endsWith('.js') ? [process.execPath, script] : ['npm'];
  return spawnSync(command!, [...first, '--prefix', root, 'start', '--silent', '--', ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: '', CI: 'true', NO_COLOR: '1' },
    timeout: 240_000,
  });
}

describe('npm start --silent -- ...', () => {
  let clips: Clips;
  before(async () => {
    clips = await Clips.create();
    mkdirSync(clips.path('pictures'));
    for (const hue of [0, 120, 240]) {
      const create = { width: 320, height: 180, channels: 3 as const, background: `hsl(${hue}, 40%, 50%)` };
      await sharp({ create })
        .jpeg()
        .toFile(clips.path(`pictures/${hue}.jpg`));
    }
  });
  after(() => clips.remove());

  it('prints nothing but the answers on stdout, even when it has to build first', () => {
    rmSync(stamp, { force: true });
    // Paths are relative to where the user is, not to the checkout.
    const { stdout, stderr, status } = npmStart(clips.folder, 'detect', model, 'pictures', '--json', '--all');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /building/);
    assert.ok(existsSync(stamp));
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      answers.map((a) => a.file),
      ['0', '120', '240'].map((n) => join('pictures', `${n}.jpg`)),
    );
    for (const { detections } of answers) {
      assert.deepEqual(detections.map((d: { label: string }) => d.label).sort(), [...DEMO_BRANDS].sort());
    }
  });

  it('watches a file, and hands the exit code on', async () => {
    await clips.plain('film.mp4', 2);
    const watched = npmStart(clips.folder, 'watch', 'film.mp4', '--model', model, '--json');
    assert.equal(watched.status, 0, watched.stderr);
    assert.match(watched.stderr, /10 frames watched, 0 dropped/);
    assert.equal(watched.stdout, '');
    assert.equal(npmStart(clips.folder, 'wach').status, 2);
    assert.equal(npmStart(clips.folder, 'watch', 'none.mp4', '--model', model).status, 1);
  });
});
