import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { loadIcon, markSvg } from '../../src/demo/brands.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { type RunningCli, startCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/wait.js';

const LIMIT_MS = 400_000;

describe('from a verdict on the page to a better model', { skip: noChromium, timeout: LIMIT_MS }, () => {
  let folder: string;
  let video: string;
  let browser: Browser;
  let watch: RunningCli | undefined;
  const at = (...names: string[]) => join(folder, ...names);
  const run = (...args: string[]) => startCli(args, { cwd: folder, limitMs: LIMIT_MS }).ended;
  const idOf = (model: string) => JSON.parse(readFileSync(at(model, 'model.json'), 'utf8')).id as string;

  before(async () => {
    useShippedFonts();
    folder = mkdtempSync(join(tmpdir(), 'logowatch-review-'));
    const { path: ffmpegPath } = await npmFfmpeg();
    ({ file: video } = await composeBroadcast({ ffmpegPath, seed: 3, seconds: 12, output: at('b.mp4') }));
    cpSync(join(repoRoot(), 'models', 'demo'), at('model'), { recursive: true });
    mkdirSync(at('art'));
    writeFileSync(at('art', 'docker.svg'), markSvg(await loadIcon('docker'), 'plate', 300));
    browser = await launchChromium();
  });
  after(async () => {
    watch?.child.kill('SIGKILL');
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('review, train, compare, promote', async () => {
    const port = await freePort('tcp');
    watch = startCli(['watch', video, '-m', 'model', '--web', `127.0.0.1:${port}`], {
      cwd: folder,
      limitMs: LIMIT_MS,
    });
    const { text } = watch;
    await until('the page', () => text.stderr.includes(`page on http://127.0.0.1:${port}`), 60_000);
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`http://127.0.0.1:${port}/#/review`);
    const judged = await judgeAll(page);
    assert.ok(judged > 0);
    watch.child.kill('SIGINT');
    assert.equal((await watch.ended).code, 0, text.stderr);

    const applied = await run('mine', 'apply', 'review', 'review/verdicts.json', '--json');
    assert.equal(applied.code, 0, applied.stderr);
    const { negatives, positives } = JSON.parse(applied.stdout);
    assert.ok(negatives.pictures >= 1, applied.stdout);
    assert.deepEqual([positives.pictures, positives.boxes], [1, 1]);
    const material = ['art', 'review/positives', '--negatives', 'review/negatives'];
    const trained = await run('train', ...material, '-o', 'better', '--frames', '16', '--epochs', '1');
    assert.equal(trained.code, 0, trained.stderr);

    const promoted = await run('promote', 'better', 'model', '--reviewed', 'review', '--json');
    assert.equal(promoted.code, 0, promoted.stderr + promoted.stdout);
    const { kept, before: old, after: now } = JSON.parse(promoted.stdout);
    assert.equal(old.reviewed.taken, old.reviewed.others);
    assert.ok(now.reviewed.taken < old.reviewed.taken, promoted.stdout);
    assert.equal(idOf('model'), 'better');
    assert.match(kept, /model\.previous-[0-9a-f]{12}$/);
    assert.equal((await run('detect', 'model', 'art/docker.svg', '--json')).code, 0);

    // The other way round it would be a step back: nothing is changed.
    const refused = await run('promote', kept, 'model', '--reviewed', 'review');
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /not promoted: on what was reviewed it is no better/);
    assert.equal(idOf('model'), 'better');
    assert.equal((await run('promote', kept, 'model')).code, 2);
    assert.equal((await run('promote', kept, 'model', '--force')).code, 0);
    assert.notEqual(idOf('model'), 'better');
  });

  /** All of them wrong, by keyboard; on the frame of the first a logo is drawn as missed. */
  async function judgeAll(page: Page): Promise<number> {
    const card = page.locator('section[data-id]');
    await card.locator('.picture img').waitFor();
    await page.goto(`${new URL(page.url()).origin}/#/streams`);
    await page.getByText('ended', { exact: true }).waitFor({ timeout: 120_000 });
    await page.goto(`${new URL(page.url()).origin}/#/review`);
    await card.locator('.picture img').waitFor();
    await page.keyboard.press('m');
    const drawing = page.getByRole('application');
    await drawing.press('Shift+ArrowLeft');
    await page.locator('dialog.wide select').selectOption('docker');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('dialog.wide').waitFor({ state: 'detached' });
    for (let n = 0; ; n++) {
      const first = await card.getAttribute('data-id', { timeout: 2_000 }).catch(() => null);
      if (first === null) return n;
      await page.keyboard.press('1');
      await page.locator(`section[data-id="${first}"]`).waitFor({ state: 'detached' });
    }
  }
});
