import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { loadModel } from '../../src/infer/model/load.js';
import { runCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';

describe('logowatch calibrate', () => {
  let folder: string;
  let model: string;
  let video: string;

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-calibrate-'));
    model = join(folder, 'model');
    cpSync(join(repoRoot(), 'models', 'demo'), model, { recursive: true });
    // Marks that the demo's model does not know: logo-free as far as it is concerned.
    const brands = ['wikipedia', 'mozilla', 'android'];
    const output = join(folder, 'silent.mp4');
    const { path: ffmpegPath } = await npmFfmpeg();
    ({ file: video } = await composeBroadcast({ ffmpegPath, seed: 5, seconds: 12, output, brands }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('only tells with --no-write, and stops after --for', async () => {
    const before = readFileSync(join(model, 'model.json'), 'utf8');
    const result = await runCli('calibrate', model, video, '--no-write', '--for', '6s', '--json');
    assert.equal(result.code, 0, result.stderr);
    const { temporal } = JSON.parse(result.stdout);
    assert.ok(temporal.frames >= 30 && temporal.frames < 45, String(temporal.frames));
    assert.equal(readFileSync(join(model, 'model.json'), 'utf8'), before);
  });

  it('writes what it found into the model, whole and in one step, and says what it proves', async () => {
    const before = JSON.parse(readFileSync(join(model, 'model.json'), 'utf8'));
    const result = await runCli('calibrate', model, folder, '--false-per-hour', '0.2');
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /proves no more than at most \d/);
    assert.match(result.stdout, /extrapolated\. 15 h without any would prove it/);
    const { temporal, ...rest } = JSON.parse(readFileSync(join(model, 'model.json'), 'utf8'));
    assert.deepEqual(rest, before);
    assert.equal(temporal.falsePerHour, 0.2);
    assert.equal(temporal.footage, 'video');
    assert.equal(temporal.brands.length, before.brands.length);
    assert.ok(temporal.expectedPerHour <= 0.2 + 1e-9);
    assert.ok(temporal.provedPerHour > 100, 'twelve seconds prove hardly anything');
    assert.deepEqual(
      readdirSync(model).filter((f) => f.startsWith('.')),
      [],
    );
    const { info } = await loadModel(model);
    assert.equal(info.temporal?.brands[0]?.label, before.brands[0].label);
  });

  it('watch takes the calibrated model, and stays silent', async () => {
    const result = await runCli('watch', video, '--model', model, '--json', '--quiet');
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, '');
  });

  it('refuses wrong times, missing models and folders without video', async () => {
    assert.equal((await runCli('calibrate', model, video, '--for', 'soon')).code, 2);
    const missing = await runCli('calibrate', join(folder, 'absent'), video);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /does not exist/);
    const empty = await runCli('calibrate', model, model);
    assert.equal(empty.code, 1);
    assert.match(empty.stderr, /no video in this folder/);
  });
});
