import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { applyVerdicts } from '../../src/mine/apply.js';
import { type Candidate, PAGE_FILE } from '../../src/mine/candidate.js';
import { renderPage } from '../../src/mine/page.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { candidate, temporary, writeCandidates } from './support.js';

const id = (n: number) => candidate(n).id;
/** Three pictures; the second has two places. What a source is called must not become markup. */
const four: readonly Candidate[] = [
  candidate(1),
  candidate(2, { label: 'globex' }),
  candidate(2, { id: id(22), box: [10, 10, 30, 30] }),
  candidate(3, { source: '</script><img src=x onerror="document.title=1">', ptsMs: null, time: null }),
];

describe('the page of candidates', { skip: noChromium, timeout: 120_000 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser.close());

  /** Opens the page from disk; whatever goes wrong on it, or asks for a network, is a failure. */
  async function open(folder: string): Promise<{ page: Page; faults: string[] }> {
    await writeCandidates(folder, four);
    await writeFile(join(folder, PAGE_FILE), renderPage(folder, four));
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 }, acceptDownloads: true });
    page.setDefaultTimeout(15_000);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('request', (r) => !/^(?:file|blob):/.test(r.url()) && faults.push(r.url()));
    page.on('requestfailed', (r) => faults.push(r.url()));
    await page.goto(pathToFileURL(join(folder, PAGE_FILE)).href);
    return { page, faults };
  }

  const verdictOf = (page: Page, n: number) => page.locator(`[id="${id(n)}"]`).getAttribute('data-verdict');

  it('shows each place in its picture and enlarged, without a fault', () =>
    temporary(async (folder) => {
      const { page, faults } = await open(folder);
      assert.equal(await page.locator('article').count(), 4);
      assert.equal(await page.title(), 'Mined candidates');
      assert.match(await page.locator(`[id="${id(3)}"]`).innerText(), /<\/script><img/);
      assert.match(
        await page.locator(`[id="${id(1)}"]`).innerText(),
        /acme 0\.900\s+match\.mp4 at 00:00:01\.0/,
      );
      const shares: number[] = [];
      for (const svg of await page.locator(`[id="${id(1)}"] svg`).all()) {
        shares.push(await magentaShare(await svg.screenshot()));
      }
      const [whole = 0, enlarged = 0] = shares;
      assert.ok(whole > 0.01 && enlarged > 3 * whole, `the place covers ${whole}, enlarged ${enlarged}`);
      assert.deepEqual(faults, []);
      await page.close();
    }));

  it('takes verdicts by keys and clicks, keeps them over a reload, and saves what apply reads', () =>
    temporary(async (folder) => {
      const { page, faults } = await open(folder);
      await page.keyboard.press('1');
      await page.keyboard.press('Shift+Digit1');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('2');
      assert.deepEqual(await Promise.all([1, 2, 22, 3].map((n) => verdictOf(page, n))), [
        'not-the-logo',
        'not-the-logo',
        'not-the-logo',
        'logo',
      ]);
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('Backspace');
      assert.equal(await verdictOf(page, 22), null);
      await page.locator(`[id="${id(22)}"] button[value=unsure]`).click();
      assert.equal(await verdictOf(page, 22), 'unsure');
      await page.locator(`[id="${id(22)}"] button[value=unsure]`).click();
      assert.equal(await verdictOf(page, 22), null);
      await page.locator(`[id="${id(22)}"] button[value=not-the-logo]`).click();
      assert.match(await page.locator('#count').innerText(), /^4 of 4 judged: 3 not the logo, 1 the logo, 0/);
      page.on('dialog', (dialog) => void dialog.accept());
      await page.reload();
      assert.equal(await verdictOf(page, 3), 'logo');

      const waiting = page.waitForEvent('download');
      await page.locator('#save').click();
      const download = await waiting;
      assert.equal(download.suggestedFilename(), 'verdicts.json');
      const saved = join(folder, 'verdicts.json');
      await download.saveAs(saved);
      assert.equal(Object.keys(JSON.parse(await readFile(saved, 'utf8')).verdicts).length, 4);
      assert.match(await page.locator('#next').innerText(), /logowatch mine apply .+ verdicts\.json/);
      const { negatives, positives } = await applyVerdicts(folder, saved);
      assert.deepEqual([negatives.pictures, negatives.boxes, positives.pictures], [2, 3, 1]);
      assert.deepEqual(faults, []);
      await page.close();
    }));

  it('filters by brand and by what is not judged yet; the keys stay with what is shown', () =>
    temporary(async (folder) => {
      const { page, faults } = await open(folder);
      await page.locator('#brand').selectOption('globex');
      assert.equal(await page.locator('article:visible').count(), 1);
      await page.locator('article:visible').focus();
      await page.keyboard.press('3');
      assert.deepEqual(await Promise.all([1, 2, 22].map((n) => verdictOf(page, n))), [null, 'unsure', null]);
      await page.locator('#brand').selectOption('');
      await page.locator('#open').check();
      assert.equal(await page.locator('article:visible').count(), 3);
      assert.deepEqual(faults, []);
      await page.close();
    }));
});

/** Share of the pixels that have the colour of the place. */
async function magentaShare(png: Buffer): Promise<number> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let count = 0;
  for (let i = 0; i < data.length; i += 3)
    if (data[i]! > 180 && data[i + 1]! < 80 && data[i + 2]! > 180) count++;
  return count / (info.width * info.height);
}
