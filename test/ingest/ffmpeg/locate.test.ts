import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { locateFfmpeg } from '../../../src/ingest/ffmpeg/locate.js';
import { npmFfmpeg } from '../../support/ffmpegs.js';

async function withPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.PATH;
  process.env.PATH = path;
  try {
    return await work();
  } finally {
    process.env.PATH = before;
  }
}

it("uses npm's ffmpeg where there is no other, and it can do what we need", async () => {
  const found = await withPath('', () => locateFfmpeg());
  assert.equal(found.origin, 'npm');
  assert.equal(found.capabilities.libx264, true);
  for (const protocol of ['file', 'http', 'https', 'rtmp', 'tcp', 'udp', 'pipe']) {
    assert.ok(found.capabilities.inputProtocols.has(protocol), protocol);
  }
});

it('passes over a system ffmpeg that is too old or broken', async () => {
  for (const script of ['echo "libavformat    58. 29.100 / 58. 29.100"', 'exit 1']) {
    // A folder each: the answers of one path are remembered.
    const folder = await mkdtemp(join(tmpdir(), 'logowatch-path-'));
    const fake = join(folder, 'ffmpeg');
    await writeFile(fake, `#!/bin/sh\n${script}\n`);
    await chmod(fake, 0o755);
    assert.equal((await withPath(folder, () => locateFfmpeg())).origin, 'npm');
    await rm(folder, { recursive: true });
  }
});

it('takes the configured path and nothing else', async () => {
  const { path } = await npmFfmpeg();
  assert.equal((await locateFfmpeg(path)).origin, 'configured');
  await assert.rejects(locateFfmpeg('/nowhere/ffmpeg'), { code: 'ffmpeg-not-found' });
});
