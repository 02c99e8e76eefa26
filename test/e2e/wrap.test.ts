import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { type Box, overlapShare } from '../../src/core/geometry.js';
import { colourClassifier, SIDE } from '../infer/foreign/support.js';
import { readCandidates } from '../mine/support.js';
import { type CliResult, lastRevisions, readEvents, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { until } from '../support/wait.js';

/** Where the rings lie on a picture of 640x360, pixels. */
const RINGS = [400, 60, 200, 200] as const;
const LABELS = ['rings', 'bars'];

interface Found {
  readonly label: string;
  readonly box: Box;
}

const rings = [100, 80, 60, 25].map(
  (r, i) => `<circle cx="100" cy="100" r="${r}" fill="${i % 2 ? '#fff' : '#f00'}"/>`,
);
const mark = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200">${rings.join('')}</svg>`;

async function writeScene(file: string, background: string, marked: boolean): Promise<void> {
  const [left, top] = RINGS;
  await sharp({ create: { width: 640, height: 360, channels: 3, background } })
    .composite(marked ? [{ input: Buffer.from(mark), left, top }] : [])
    .jpeg()
    .toFile(file);
}

/** A classifier that names some brand with certainty whatever it sees, on its way through every command. */
describe('logowatch wrap, and what takes its model', { timeout: 900_000 }, () => {
  let folder: string;
  let video: string;
  const at = (...names: string[]): string => join(folder, ...names);
  const run = (...args: string[]): Promise<CliResult> =>
    startCli(args, { cwd: folder, limitMs: 300_000 }).ended;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'logowatch-wrap-e2e-'));
    writeFileSync(at('colours.onnx'), colourClassifier());
    mkdirSync(at('logos', 'rings'), { recursive: true });
    mkdirSync(at('plain'));
    for (const [i, colour] of ['#7a8a7a', '#8a8a99', '#777'].entries()) {
      await writeScene(at('logos', 'rings', `r${i}.jpg`), colour, true);
      await writeScene(at('plain', `p${i}.jpg`), colour, false);
    }
    const { path } = await npmFfmpeg();
    video = at('tv.mp4');
    const still = (file: string): string[] => ['-loop', '1', '-framerate', '10', '-t', '4', '-i', file];
    const parts = [at('plain', 'p0.jpg'), at('logos', 'rings', 'r0.jpg'), at('plain', 'p0.jpg')].flatMap(
      still,
    );
    const joined = [
      '-filter_complex',
      '[0]setsar=1[a];[1]setsar=1[b];[2]setsar=1[c];[a][b][c]concat=n=3',
      '-pix_fmt',
      'yuv420p',
    ];
    execFileSync(path, ['-nostdin', '-loglevel', 'error', '-y', ...parts, ...joined, video], {
      timeout: 60_000,
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('says what it made, as JSON too', async () => {
    const wrapped = ['wrap', 'colours.onnx', '--labels', LABELS.join(), '--normalise', 'none', '-o', 'model'];
    const result = await run(...wrapped, '--frames', '40', '--json');
    assert.equal(result.code, 0, result.stderr);
    const summary = JSON.parse(result.stdout);
    assert.deepEqual(
      [summary.task, summary.fit, summary.networkOutput.kind],
      ['classifier', 'one-sided', 'logits'],
    );
    assert.deepEqual([summary.input.width, summary.input.height], [SIDE, SIDE]);
    assert.ok(readdirSync(at('model')).includes('model.json'));
  });

  it('says that few pictures tell little of thresholds', async () => {
    const args = ['wrap', 'colours.onnx', '--labels', LABELS.join(), '--normalise', 'none', '-o', 'small'];
    const { code, stdout, stderr } = await run(...args, '--frames', '2');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /fitted on 2 pictures without a logo alone/);
    assert.match(stdout, /thresholds for 0\.5 % false pictures \(extrapolated: more --frames/);
  });

  it('detect finds the logo where it is, and nothing where none is, by either engine', async () => {
    for (const engine of ['auto', 'tfjs']) {
      const result = await run('detect', 'model', 'logos', 'plain', '--json', '--engine', engine);
      assert.equal(result.code, 0, result.stderr);
      const lines = result.stdout.trim().split('\n');
      for (const line of lines) {
        const { file, detections } = JSON.parse(line) as { file: string; detections: Found[] };
        assert.equal(detections.length > 0, file.startsWith('logos'), line);
        for (const { label, box } of detections) {
          assert.equal(label, 'rings', line);
          assert.ok(overlapShare(box, RINGS) > 0.5, line);
        }
      }
      assert.equal(lines.length, 6);
    }
  });

  it('watch tells one appearance, when it was', async () => {
    const result = await run('watch', video, '--model', 'model', '--events', 'events.jsonl', '--quiet');
    assert.equal(result.code, 0, result.stderr);
    const [seen, ...others] = lastRevisions(readEvents(at('events.jsonl')));
    assert.deepEqual(others, []);
    assert.deepEqual([seen?.label, seen?.state, seen?.modelId], ['rings', 'ended', 'model']);
    assert.ok(Math.abs(seen!.startPtsMs - 4000) <= 600 && Math.abs(seen!.endPtsMs - 8000) <= 600);
  });

  it('mine collects what it takes for a logo', async () => {
    const result = await run('mine', 'model', video, 'plain', '-o', 'mined', '--json');
    assert.equal(result.code, 0, result.stderr);
    const [best] = await readCandidates(at('mined'));
    assert.equal(best?.label, 'rings');
    assert.ok(best.ptsMs !== null && best.ptsMs >= 4000 && best.ptsMs < 8000, String(best.ptsMs));
  });

  it('eval measures it', async () => {
    const result = await run('eval', 'model', 'logos', '--negatives', 'plain', '--composed', '4', '--json');
    assert.equal(result.code, 0, result.stderr);
    const { pictures } = JSON.parse(result.stdout);
    assert.equal(pictures.auroc.value, 1);
    assert.equal(pictures.rightBrand.value, 1);
  });

  it('calibrate writes into it, and it still finds the logo', async () => {
    const before = JSON.parse(readFileSync(at('model', 'model.json'), 'utf8'));
    const result = await run('calibrate', 'model', video, '--for', '3s');
    assert.equal(result.code, 0, result.stderr);
    const { temporal, ...rest } = JSON.parse(readFileSync(at('model', 'model.json'), 'utf8'));
    assert.deepEqual(rest, before);
    assert.deepEqual(
      temporal.brands.map((b: { label: string }) => b.label),
      LABELS,
    );
    const watched = await run('watch', video, '--model', 'model', '--events', 'after.jsonl', '--quiet');
    assert.equal(watched.code, 0, watched.stderr);
    assert.equal(lastRevisions(readEvents(at('after.jsonl')))[0]?.label, 'rings');
  });

  it('add-brand, 8 bits and files of other kinds are refused, each with what to do', async () => {
    const before = readFileSync(at('model', 'model.json'), 'utf8');
    const added = await run('add-brand', 'model', 'acme', 'logos/rings');
    assert.equal(added.code, 1);
    assert.match(added.stderr, /wraps a network of your own/);
    assert.equal(readFileSync(at('model', 'model.json'), 'utf8'), before);
    const rounded = await run('detect', 'model', 'plain', '--engine', 'onnx-int8');
    assert.equal(rounded.code, 1);
    assert.match(rounded.stderr, /no ranges for 8 bits.*onnx-f32/);
    writeFileSync(at('resnet50.h5'), 'Keras');
    const keras = await run('wrap', 'resnet50.h5', '--labels', LABELS.join(), '-o', 'never');
    assert.equal(keras.code, 2);
    assert.match(keras.stderr, /Convert the Keras file to ONNX/);
    assert.ok(!readdirSync(folder).includes('never'));
  });

  it('Ctrl-C while it fits leaves the model that was there', async () => {
    const before = readFileSync(at('model', 'model.json'), 'utf8');
    const files = readdirSync(at('model'));
    const args = ['wrap', 'colours.onnx', '--labels', LABELS.join(), '--normalise', 'none', '-o', 'model'];
    const { child, text, ended } = startCli(args, { cwd: folder });
    await until('it fits', () => /composed pictures: \d/.test(text.stderr), 120_000);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /stopped; nothing was written/);
    assert.equal(readFileSync(at('model', 'model.json'), 'utf8'), before);
    assert.deepEqual(readdirSync(at('model')), files);
  });
});
