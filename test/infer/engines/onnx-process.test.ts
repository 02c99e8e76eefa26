import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repoRoot } from '../../../src/core/root.js';

/**
 * What every user of the library does first: makes a session. Bytes that are no model are enough for that. One line,
 * since the library's look at the command line ends at the first line's end.
 */
const SCRIPT = [
  'const { loadOnnxRuntime } = await import(process.argv[1])',
  'const failure = await loadOnnxRuntime().InferenceSession.create(Uint8Array.of(1)).catch((e) => e)',
  'process.exitCode = failure instanceof Error ? 3 : 4',
].join('; ');

/** Variables that keep ONNX Runtime from reporting; the tests may themselves run under one. */
const SILENCERS =
  /^(CI|TF_BUILD|GITHUB_ACTIONS|GITLAB_CI|CIRCLECI|TRAVIS|BUILDKITE|JENKINS_URL|TEAMCITY_VERSION|APPVEYOR|CODEBUILD_BUILD_ID|BITBUCKET_BUILD_NUMBER|ORT_.*)$/;

test('a session is made, whatever the length of the command line, and leaves no trace in the home folder', {
  skip: process.platform === 'win32' && 'its command lines end at 32,767 characters',
}, () => {
  const home = mkdtempSync(join(tmpdir(), 'logowatch-home-'));
  try {
    const loader = pathToFileURL(join(repoRoot(), 'dist', 'src', 'infer', 'engines', 'onnx.js')).href;
    const args = ['--input-type=module', '-e', SCRIPT, loader, 'x'.repeat(100_000)];
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SILENCERS.test(name)));
    const homes = { HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home, TMPDIR: home };
    const { status, signal, stderr } = spawnSync(process.execPath, args, {
      cwd: home,
      env: { ...env, ...homes },
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.deepEqual({ status, signal }, { status: 3, signal: null }, stderr);
    assert.deepEqual(readdirSync(home), []);
  } finally {
    rmSync(home, { recursive: true });
  }
});
