import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { lastRevisions, readEvents, startCli } from '../support/cli.js';
import { children, isAlive } from '../support/processes.js';
import { until } from '../support/wait.js';

/** A bound for machines that are busy with other things; a free one takes a minute. */
const LIMIT_MS = 400_000;
const DEMO = ['demo', '--seconds', '20', '-o'];

/** Listens for as long as the server lasts: the demo must end although somebody looks. */
async function watchPage(url: string, labels = new Set<string>()): Promise<void> {
  try {
    const { body } = await fetch(url);
    for await (const text of body!.pipeThrough(new TextDecoderStream()))
      for (const [, label = ''] of text.matchAll(/"label":"(\w+)"/g)) labels.add(label);
  } catch {
    // It ended.
  }
}

describe('logowatch demo', { timeout: 4 * LIMIT_MS }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'logowatch-demo-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('plays, watches, writes its events, and ends by itself with truth against found', async () => {
    const cli = startCli([...DEMO, folder, '--web', '127.0.0.1:0'], { limitMs: LIMIT_MS });
    await until('the page', () => /^page http/m.test(cli.text.stdout), LIMIT_MS);
    const url = /^page (\S+)$/m.exec(cli.text.stdout)?.[1];
    const seen = new Set<string>();
    for (const asking of [1, 2]) void watchPage(`${url}/api/events`, asking === 1 ? seen : undefined);
    await until('the page shows appearances while the broadcast runs', () => seen.size > 0, LIMIT_MS);
    assert.doesNotMatch(cli.text.stdout, /events: /);
    await until('the table', () => cli.text.stdout.includes('events: '), LIMIT_MS);
    const printed = performance.now();
    const { code, stdout, stderr } = await cli.ended;
    assert.equal(code, 0, stderr);
    assert.ok(performance.now() - printed < 5_000, 'nothing keeps the process after its table');
    for (const part of [
      /== hls/,
      /== rtsp/,
      /exposure: truth/,
      /found \d+ of \d+/,
      /false/,
      /frames\/s|\/s\)/,
      /dropped/,
      /frame age/,
    ])
      assert.match(stdout, part);
    const events = readEvents(join(folder, 'events.jsonl'));
    assert.deepEqual(new Set(events.map((e) => e.streamId)), new Set(['hls', 'rtsp']));
    assert.ok(lastRevisions(events).every((e) => e.state === 'ended'));
    assert.ok(existsSync(join(folder, 'demo.png')));
  });

  for (const [stage, sign, ffmpegs, times, code] of [
    // The first Ctrl-C may have ended it before the second came: then 1, but never a death by the signal.
    ['composing', 'ffmpeg ', 1, 2, [130, 1]],
    ['watching', 'watching rtsp', 4, 1, [1]],
  ] as const) {
    it(`Ctrl-C ${times === 1 ? 'once' : 'twice'} while ${stage}: ${code.join(' or ')}, soon, and no ffmpeg is left`, async () => {
      const cli = startCli([...DEMO, join(folder, stage)], { limitMs: LIMIT_MS });
      try {
        await until(stage, () => cli.text.stdout.includes(sign), LIMIT_MS);
        await until('ffmpeg runs', () => children(cli.child.pid).length >= ffmpegs, 60_000);
        const started = children(cli.child.pid);
        const asked = performance.now();
        cli.child.kill('SIGINT');
        if (times === 2) {
          await until('the first is heard', () => cli.text.stderr.includes('Ctrl-C again'));
          cli.child.kill('SIGINT');
        }
        const result = await cli.ended;
        assert.ok(
          code.some((c) => c === result.code),
          `${result.code}: ${result.stderr}`,
        );
        assert.ok(performance.now() - asked < 8_000, `${performance.now() - asked} ms`);
        await until('all are gone', () => started.every(({ pid }) => !isAlive(pid)), 5_000);
      } finally {
        cli.child.kill('SIGKILL');
      }
    });
  }
});
