import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repoRoot } from '../../src/core/root.js';
import { runTool, withoutTools } from '../support/deploy-tools.js';
import { readImage } from '../support/dockerfile.js';

const FILES = ['deploy/docker/Dockerfile', 'deploy/docker/Dockerfile.gpu'];

describe('the images', () => {
  it('say nothing that hadolint minds', { skip: withoutTools('hadolint') }, () => {
    const { status, text } = runTool('hadolint', ...FILES);
    assert.equal(status, 0, text);
  });

  for (const path of FILES)
    it(`${path} copies what there is, and .dockerignore leaves it in`, () => {
      const image = readImage(path);
      const shown = readFileSync(join(repoRoot(), '.dockerignore'), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('!'))
        .map((line) => line.slice(1));
      const fromContext = image.stages.flatMap(({ copies }) =>
        copies.filter(({ from }) => from === undefined),
      );
      assert.ok(fromContext.length > 5);
      for (const { sources } of fromContext)
        for (const source of sources.map((s) => s.replace(/^\.\//, ''))) {
          assert.ok(existsSync(join(repoRoot(), source)), `${source} is not there`);
          assert.ok(
            shown.some((s) => source === s || source.startsWith(`${s}/`)),
            `${source} is ignored`,
          );
        }
    });

  it('run as nobody in particular, hand signals on, and have their health looked at', () => {
    const [cpu, gpu] = FILES.map((path) => readImage(path).last);
    for (const image of [cpu!, gpu!]) {
      assert.equal(image.user, '10001:10001');
      assert.deepEqual(image.entrypoint, ['/usr/bin/tini', '--', 'node', '/app/dist/src/cli.js']);
      assert.deepEqual(image.healthcheck, ['node', '/app/healthcheck.mjs']);
      assert.ok(image.packages.includes('ffmpeg') && image.packages.includes('tini'));
    }
    assert.deepEqual(gpu!.command, cpu!.command);
  });
});
