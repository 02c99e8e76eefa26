import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { byMediaTime, compareWithTruth } from '../../src/demo/report.js';
import type { BroadcastTruth } from '../../src/demo/truth.js';
import type { FfmpegBinary } from '../../src/ingest/ffmpeg/locate.js';
import { lastRevisions, readEvents, runCli, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { children, isAlive, zombies } from '../support/processes.js';
import { type Publisher, publishRtsp } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { until } from '../support/wait.js';

const model = join(repoRoot(), 'models', 'demo');
const noStats = { frames: 0, seconds: 0, dropped: 0, ageP50Ms: null, ageP95Ms: null };

describe('logowatch watch', () => {
  let folder: string;
  let ffmpeg: FfmpegBinary;
  let file: string;
  let truth: BroadcastTruth;
  const at = (name: string) => join(folder, name);

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-watch-'));
    ffmpeg = await npmFfmpeg();
    ({ file, truth } = await composeBroadcast({
      ffmpegPath: ffmpeg.path,
      seed: 3,
      seconds: 24,
      output: at('b.mp4'),
    }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('finds what a file shows, reports no single frame, and drops nothing', async () => {
    const events = at('file.jsonl');
    const result = await runCli('watch', file, '--model', model, '--events', events);
    assert.equal(result.code, 0, result.stderr);
    const found = readEvents(events);
    const comparison = compareWithTruth(truth, found, noStats, { toBroadcastTime: byMediaTime() });
    assert.ok(comparison.rows.length >= 3);
    assert.deepEqual(comparison.falseAppearances, []);
    const hits = comparison.rows.filter((r) => r.iou >= 0.5).length;
    assert.ok(hits >= 0.8 * comparison.rows.length, `${hits} of ${comparison.rows.length} found`);
    for (const last of lastRevisions(found)) {
      assert.equal(last.state, 'ended');
      assert.equal(last.coverage, 1);
      assert.ok(last.exposureMs <= last.endPtsMs - last.startPtsMs + 1);
    }
    assert.match(result.stderr, /120 frames watched, 0 dropped/);
  });

  it('prints events as JSON and nothing else on stdout', async () => {
    const result = await runCli('watch', file, '--model', model, '--json', '--quiet', '--fps', '4');
    assert.equal(result.code, 0, result.stderr);
    const lines = result.stdout.trim().split('\n');
    assert.ok(lines.length >= 4);
    for (const line of lines) assert.match(JSON.parse(line).state, /^(started|ongoing|ended)$/);
  });

  it('closes an appearance when the stream is lost, goes on with a new session, and drains on SIGTERM', async () => {
    const relay = new RtspRelay({ burstPackets: 200 });
    await relay.start();
    let publisher: Publisher = publishRtsp(relay.url('live/x'), { ffmpeg, file });
    const events = at('live.jsonl');
    const count = (pattern: RegExp) => (safeRead(events).match(pattern) ?? []).length;
    const cli = startCli(['watch', relay.url('live/x'), '--model', model, '--events', events]);
    try {
      await relay.published('live/x');
      await until('an appearance opens', () => count(/"state":"started"/g) > 0, 60_000);
      await publisher.kill();
      await until('it is closed by the loss', () => count(/"endReason":"stream-lost"/g) > 0, 20_000);
      const before = count(/"state":"started"/g);
      publisher = publishRtsp(relay.url('live/x'), { ffmpeg, file });
      await until('another opens', () => count(/"state":"started"/g) > before, 60_000);
      const asked = performance.now();
      cli.child.kill('SIGTERM');
      const result = await cli.ended;
      assert.equal(result.code, 0, result.stderr);
      assert.ok(performance.now() - asked < 10_000, 'drained within 10 s');
    } finally {
      cli.child.kill('SIGKILL');
      await publisher.kill();
      await relay.stop();
    }
    const last = lastRevisions(readEvents(events));
    assert.ok(last.every((a) => a.state === 'ended'));
    assert.ok(new Set(last.map((a) => a.session)).size >= 2);
    assert.deepEqual(zombies(), []);
  });

  it('a second Ctrl-C leaves at once, and takes a silent ffmpeg along', async () => {
    const relay = new RtspRelay({ burstPackets: 200 });
    await relay.start();
    const publisher = publishRtsp(relay.url('live/x'), { ffmpeg });
    const cli = startCli(['watch', relay.url('live/x'), '--model', model, '--log-level', 'info']);
    try {
      await until('it watches', () => cli.text.stderr.includes('source-opened'), 30_000);
      const [reader] = children(cli.child.pid);
      assert.ok(reader, 'ffmpeg runs');
      // One that has nothing to write does not notice that its pipe is gone.
      process.kill(reader.pid, 'SIGSTOP');
      cli.child.kill('SIGINT');
      await until('the first is heard', () => cli.text.stderr.includes('Ctrl-C again'));
      const asked = performance.now();
      cli.child.kill('SIGINT');
      const { code, stderr } = await cli.ended;
      assert.equal(code, 130, stderr);
      assert.ok(performance.now() - asked < 2000);
      await until('ffmpeg is gone', () => !isAlive(reader.pid), 5000);
    } finally {
      cli.child.kill('SIGKILL');
      await publisher.kill();
      await relay.stop();
    }
  });

  it('refuses a wrong password once and for all, and never shows it', async () => {
    const relay = new RtspRelay({ credentials: 'viewer:right' });
    await relay.start();
    const publisher = publishRtsp(relay.url('live/x'), { ffmpeg });
    try {
      await relay.published('live/x');
      const url = relay.url('live/x', 'viewer:tr0ub4dor');
      const result = await runCli('watch', url, '--model', model, '--log-level', 'debug');
      assert.equal(result.code, 1);
      assert.match(result.stderr, /password|401|unauthori[sz]ed/i);
      assert.doesNotMatch(result.stdout + result.stderr, /tr0ub4dor/);
      assert.ok(relay.refused <= 4, `${relay.refused} tries`);
    } finally {
      await publisher.kill();
      await relay.stop();
    }
  });

  it('says what is wrong with a model that is damaged, and with files that are no video', async () => {
    const damaged = at('damaged');
    cpSync(model, damaged, { recursive: true });
    const weights = readdirSync(damaged).find((f) => /^head.*\.bin$/.test(f)) ?? '';
    const bytes = readFileSync(join(damaged, weights));
    bytes[100] = (bytes[100] ?? 0) ^ 0xff;
    writeFileSync(join(damaged, weights), bytes);
    const refused = await runCli('watch', file, '--model', damaged);
    assert.equal(refused.code, 1);
    assert.ok(refused.stderr.includes(weights), refused.stderr);
    writeFileSync(at('empty.mp4'), '');
    writeFileSync(at('text.mp4'), 'this is no video\n'.repeat(50));
    for (const name of ['empty.mp4', 'text.mp4', 'absent.mp4']) {
      const result = await runCli('watch', at(name), '--model', model);
      assert.equal(result.code, 1, name);
      assert.ok(result.stderr.includes(name), result.stderr);
      assert.equal(result.stdout, '');
    }
  });

  it('exits 2 on an unknown config key and names the nearest', async () => {
    writeFileSync(at('bad.yaml'), 'modle: x\n');
    const result = await runCli('watch', '-c', at('bad.yaml'));
    assert.equal(result.code, 2);
    assert.match(result.stderr, /"modle", did you mean "model"/);
  });

  it('keeps the good lines of an events file with a torn last one', async () => {
    const events = at('torn.jsonl');
    const good = JSON.stringify({ id: 'x', revision: 0, state: 'ended' });
    writeFileSync(events, `${good}\n{"id":"to`);
    copyFileSync(file, at('again.mp4'));
    const result = await runCli('watch', at('again.mp4'), '--model', model, '--events', events);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(readEvents(events)[0]?.id, 'x');
  });
});

function safeRead(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
