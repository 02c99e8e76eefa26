import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { lastRevisions, readEvents, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { until } from '../support/wait.js';

const demo = join(repoRoot(), 'models', 'demo');

describe('a model that is promoted while it is used', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-promote-live-'));
  const at = (name: string) => join(folder, name);
  const run = (...args: string[]) => startCli(args, { cwd: folder });
  const events = (name: string) => (existsSync(at(name)) ? readEvents(at(name)) : []);
  let file = '';

  before(async () => {
    const { path } = await npmFfmpeg();
    ({ file } = await composeBroadcast({ ffmpegPath: path, seed: 3, seconds: 60, output: at('b.mp4') }));
    cpSync(demo, at('model'), { recursive: true });
    cpSync(demo, at('better'), { recursive: true });
    // It finds the same, under another name and hash.
    const manifest = JSON.parse(readFileSync(at('better/model.json'), 'utf8'));
    writeFileSync(at('better/model.json'), JSON.stringify({ ...manifest, id: 'better' }));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('takes over between two frames, and one that cannot be loaded changes nothing', async () => {
    const plain = await run('watch', file, '-m', at('model'), '--events', at('plain.jsonl')).ended;
    assert.equal(plain.code, 0, plain.stderr);
    // One thread: so that the file is not over too soon.
    const args = ['-m', at('model'), '--events', at('e.jsonl'), '--log-level', 'info', '--threads', '1'];
    const watch = run('watch', file, ...args);
    const { text } = watch;
    const says = (what: string) => until(what, () => text.stderr.includes(what), 60_000);
    await until('something is seen', () => events('e.jsonl').length > 0, 60_000);
    const good = readFileSync(at('model/model.json'));
    writeFileSync(at('model/model.json'), '{ "half of');
    await says('The promoted model is not used, the one before goes on');
    watch.child.kill('SIGSTOP');
    writeFileSync(at('model/model.json'), good);
    const promoted = await run('promote', at('better'), at('model'), '--force').ended;
    assert.equal(promoted.code, 0, promoted.stderr);
    watch.child.kill('SIGCONT');
    await says('has taken the place of');
    const { code, stderr } = await watch.ended;
    assert.equal(code, 0, stderr);
    const found = lastRevisions(events('e.jsonl'));
    const models = new Set(found.map(({ modelId }) => modelId));
    assert.ok(models.has('better') && models.size === 2, [...models].join(' '));
    // No appearance was lost, doubled or split.
    const shown = (all: typeof found) =>
      all.map((e) => [e.label, e.startPtsMs, e.endPtsMs, e.frames, e.state]);
    assert.deepEqual(shown(found), shown(lastRevisions(events('plain.jsonl'))));
  });
});
