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
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { useShippedFonts } from '../../src/core/fonts.js';
import { overlapShare } from '../../src/core/geometry.js';
import { repoRoot } from '../../src/core/root.js';
import { loadIcon, markSvg } from '../../src/demo/brands.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import type { BroadcastTruth } from '../../src/demo/truth.js';
import type { FfmpegBinary } from '../../src/ingest/ffmpeg/locate.js';
import { readCandidates, writeVerdicts } from '../mine/support.js';
import { runCli, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { zombies } from '../support/processes.js';
import { publishRtsp } from '../support/publish.js';
import { RtspRelay } from '../support/rtsp-relay.js';
import { until } from '../support/wait.js';

const model = join(repoRoot(), 'models', 'demo');

describe('logowatch mine', { timeout: 600_000 }, () => {
  let folder: string;
  let ffmpeg: FfmpegBinary;
  let video: string;
  let truth: BroadcastTruth;
  const at = (...names: string[]) => join(folder, ...names);

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-mine-'));
    ffmpeg = await npmFfmpeg();
    const composed = { ffmpegPath: ffmpeg.path, seed: 3, seconds: 12, output: at('b.mp4') };
    ({ file: video, truth } = await composeBroadcast(composed));
    mkdirSync(at('pictures', 'deep'), { recursive: true });
    mkdirSync(at('art'));
    const mark = markSvg(await loadIcon('docker'), 'plate', 300);
    writeFileSync(at('art', 'docker.svg'), mark);
    await sharp({ create: { width: 1920, height: 1080, channels: 3, background: '#789' } })
      .composite([{ input: Buffer.from(mark), left: 400, top: 200 }])
      .png()
      .toFile(at('pictures', 'deep', 'good.png'));
    writeFileSync(at('pictures', 'broken.jpg'), 'no picture');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('collects from videos and folders, says what it could not read, and keeps to its limit', async () => {
    const output = at('mined');
    const result = await runCli('mine', model, video, at('pictures'), '-o', output, '--json');
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /broken\.jpg/);
    const summary = JSON.parse(result.stdout);
    assert.equal(summary.looked, 61);
    const candidates = await readCandidates(output);
    assert.equal(summary.candidates, candidates.length);
    // What stays on screen for seconds is one candidate a shot, not one a frame.
    assert.ok(candidates.length >= 3 && candidates.length < summary.detections / 3, result.stdout);

    const scores = candidates.map((c) => c.score);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
    assert.deepEqual(readdirSync(join(output, 'frames')).sort(), [
      ...new Set(candidates.map((c) => c.file.replace('frames/', '')).sort()),
    ]);
    const still = candidates.find((c) => c.source.endsWith('good.png') && c.label === 'docker');
    assert.ok(still);
    assert.deepEqual([still.width, still.height, still.ptsMs, still.time], [1280, 720, null, null]);
    assert.ok(overlapShare(still.box, [267, 133, 200, 200]) > 0.6, String(still.box));
    const shown = candidates.find((c) => c.ptsMs !== null && c.confident);
    assert.ok(shown, 'the broadcast shows marks');
    const seconds = (shown.ptsMs ?? 0) / 1000;
    const onScreen = [...truth.spans, ...truth.flashes].filter((s) => s.label === shown.label);
    assert.ok(
      onScreen.some((s) => seconds >= s.start - 0.3 && seconds <= s.end + 0.3),
      JSON.stringify(shown),
    );
    assert.match(readFileSync(join(output, 'index.html'), 'utf8'), new RegExp(still.id));

    const few = await runCli('mine', model, video, '-o', at('few'), '--limit', '2', '--for', '6s');
    assert.equal(few.code, 0, few.stderr);
    assert.match(few.stdout, /^30 pictures looked at, \d+ detections, 2 candidates kept/);
    assert.ok(readdirSync(at('few', 'frames')).length <= 2);
  });

  it('turns verdicts into what train takes', async () => {
    const output = at('mined');
    const candidates = await readCandidates(output);
    const good = candidates.filter((c) => c.source.endsWith('good.png'));
    const best = good.find((c) => c.label === 'docker');
    const verdicts = Object.fromEntries(
      candidates.map(({ id }) => [id, id === best?.id ? 'logo' : 'not-the-logo'] as const),
    );
    const applied = await runCli('mine', 'apply', output, await writeVerdicts(folder, verdicts));
    assert.equal(applied.code, 0, applied.stderr);
    assert.match(applied.stdout, /negatives: \d+ pictures with \d+ places/);
    assert.match(applied.stdout, /positives: 1 pictures with 1 logos/);

    const parts = [at('art'), join(output, 'positives'), '--negatives', join(output, 'negatives')];
    const train = ['train', ...parts, '-o', at('model'), '--frames', '16', '--epochs', '1'];
    const trained = await startCli(train, { limitMs: 400_000 }).ended;
    assert.equal(trained.code, 0, trained.stderr);
    const pictures = new Set(candidates.filter((c) => c.file !== best?.file).map((c) => c.file)).size;
    assert.match(trained.stderr, new RegExp(`0 pictures, ${pictures} photos and 0 drawings of other logos`));
    assert.match(trained.stderr, /1 brands: docker \(1 boxes, 1 art\)/);
  });

  it('looks at a live stream for so long, or until Ctrl-C, and writes the page either way', async () => {
    const relay = new RtspRelay({ burstPackets: 200 });
    await relay.start();
    const publisher = publishRtsp(relay.url('live/x'), { ffmpeg, file: video });
    try {
      await relay.published('live/x');
      const limited = await runCli('mine', model, relay.url('live/x'), '-o', at('limited'), '--for', '5s');
      assert.equal(limited.code, 0, limited.stderr);
      assert.ok(existsSync(at('limited', 'index.html')));

      const cli = startCli(['mine', model, relay.url('live/x', 'viewer:tr0ub4dor'), '-o', at('live')]);
      try {
        const frames = at('live', 'frames');
        await until('a candidate', () => existsSync(frames) && readdirSync(frames).length > 0, 60_000);
        cli.child.kill('SIGINT');
        const { code, stdout, stderr } = await cli.ended;
        assert.equal(code, 0, stderr);
        assert.match(stdout, /judge them: /);
      } finally {
        cli.child.kill('SIGKILL');
      }
      const [first] = await readCandidates(at('live'));
      assert.ok(first?.time);
      for (const name of ['candidates.jsonl', 'index.html'])
        assert.doesNotMatch(readFileSync(at('live', name), 'utf8'), /tr0ub4dor/);
    } finally {
      await publisher.kill();
      await relay.stop();
    }
    assert.deepEqual(zombies(), []);
  });

  it('refuses a folder that is in use and a path that is not there, before any work', async () => {
    const used = await runCli('mine', model, video, '-o', folder);
    assert.equal(used.code, 2);
    assert.match(used.stderr, /not empty/);
    const absent = await runCli('mine', model, video, at('absent.mp4'), '-o', at('none'));
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /absent\.mp4/);
    assert.ok(!existsSync(at('none')));
    for (const wrong of [
      ['--for', 'ever'],
      ['--min-score', '1.5'],
      ['--limit', '0'],
    ])
      assert.equal((await runCli('mine', model, video, '-o', at('none'), ...wrong)).code, 2, wrong.join(' '));
    assert.equal((await runCli('mine', 'apply', at('pictures'), at('none.json'))).code, 2);
  });
});
