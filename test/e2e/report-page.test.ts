import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { useShippedFonts } from '../../src/core/fonts.js';
import { repoRoot } from '../../src/core/root.js';
import { composeBroadcast } from '../../src/demo/compose.js';
import type { ExposureAnalysis } from '../../src/exposure/analysis.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { lastRevisions, readEvents, runCli } from '../support/cli.js';
import { npmFfmpeg } from '../support/ffmpegs.js';

/** From a video to a page: what `watch` found is what `report` tells and a browser shows. */
describe('a report of what was watched', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-report-page-'));
  const at = (name: string) => join(folder, name);
  let analysis: ExposureAnalysis;

  before(async () => {
    useShippedFonts();
    const ffmpeg = await npmFfmpeg();
    const { file } = await composeBroadcast({
      ffmpegPath: ffmpeg.path,
      seed: 3,
      seconds: 24,
      output: at('b.mp4'),
    });
    const model = join(repoRoot(), 'models', 'demo');
    const watched = await runCli('watch', file, '--model', model, '--events', at('e.jsonl'), '--quiet');
    assert.equal(watched.code, 0, watched.stderr);
    const asked = ['--by', 'hour', '--html', at('r.html'), '--json'];
    const { code, stdout, stderr } = await runCli('report', at('e.jsonl'), ...asked);
    assert.equal(code, 0, stderr);
    analysis = JSON.parse(stdout);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('adds up to what the events say', () => {
    const events = lastRevisions(readEvents(at('e.jsonl')));
    const { all } = analysis;
    assert.ok(events.length >= 3);
    assert.equal(all.appearances, events.length);
    // `watch` makes one appearance of all marks of a brand, so none of them overlap.
    for (const { label, exposureMs, coverage } of all.brands) {
      const own = events.filter((e) => e.label === label);
      assert.ok(Math.abs(exposureMs - own.reduce((sum, e) => sum + e.exposureMs, 0)) < 0.01);
      assert.equal(coverage, 1);
    }
    assert.ok(all.screenMs > 0 && all.screenMs <= 24_000 && all.screenMs <= all.exposureMs);
  });

  describe('in a browser', { skip: noChromium }, () => {
    let browser: Browser;
    before(async () => {
      browser = await launchChromium();
    });
    after(() => browser.close());

    /** Whatever goes wrong on the page, or asks for anything but the page itself, is a fault. */
    async function open(
      width: number,
      colorScheme: 'light' | 'dark',
    ): Promise<{ page: Page; faults: string[] }> {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      page.setDefaultTimeout(15_000);
      const faults: string[] = [];
      const url = pathToFileURL(at('r.html')).href;
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => faults.push(message.text()));
      page.on('request', (r) => r.url() !== url && faults.push(r.url()));
      await page.goto(url);
      return { page, faults };
    }

    const background = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor');

    it('fits a phone and a desk, in light and dark, and asks no host for anything', async () => {
      const backgrounds = new Set<unknown>();
      for (const width of [320, 390, 1280])
        for (const scheme of ['light', 'dark'] as const) {
          const { page, faults } = await open(width, scheme);
          assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
          assert.equal(await page.title(), 'Exposure report');
          backgrounds.add(await background(page));
          assert.deepEqual(faults, []);
          await page.close();
        }
      assert.deepEqual([...backgrounds], ['rgb(255, 255, 255)', 'rgb(21, 21, 21)']);
    });

    it('draws a bar a brand, as long as its exposure, and has the figures in a table behind', async () => {
      const { page } = await open(1280, 'light');
      const voice = page
        .locator('section')
        .filter({ has: page.locator('h2', { hasText: /^Share of voice$/ }) });
      const brands = [...analysis.all.brands].sort((a, b) => b.exposureMs - a.exposureMs);
      assert.deepEqual(
        await voice.locator('.bars .name').allInnerTexts(),
        brands.map((b) => b.label),
      );
      const bars = await voice.locator('.bars rect').all();
      const widths = await Promise.all(bars.map(async (bar) => (await bar.boundingBox())!.width));
      brands.forEach((brand, i) => {
        const expected = brand.exposureMs / brands[0]!.exposureMs;
        assert.ok(Math.abs(widths[i]! / widths[0]! - expected) < 0.01, `${brand.label}: ${widths[i]}`);
      });
      const table = voice.getByRole('region', { name: 'Share of voice' });
      assert.equal(await table.isVisible(), false);
      // By keyboard: it is the first thing that can be reached.
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      assert.equal(await table.isVisible(), true);
      assert.deepEqual(
        await table.locator('tbody th').allInnerTexts(),
        brands.map((b) => b.label),
      );
      await page.close();
    });

    it('tells a screen reader what is drawn', async () => {
      const { page } = await open(1280, 'light');
      const unnamed = 'svg:not([aria-hidden=true]):not([role=img][aria-label])';
      assert.equal(await page.locator(unnamed).count(), 0);
      assert.ok((await page.getByRole('img', { name: /^Exposure by hour/ }).count()) === 1);
      const tables = await page.locator('table').count();
      assert.equal(await page.locator('table:has(caption):has(th[scope=col])').count(), tables);
      await page.close();
    });

    it('prints its tables, open or not', async () => {
      const { page } = await open(1280, 'dark');
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      assert.equal(await background(page), 'rgb(255, 255, 255)');
      const box = await page.locator('details table').first().boundingBox();
      assert.ok(box !== null && box.height > 20);
      assert.ok((await page.pdf()).length > 10_000);
      await page.close();
    });
  });
});
