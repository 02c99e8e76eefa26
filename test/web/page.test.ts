import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { applyVerdicts } from '../../src/mine/apply.js';
import { launchChromium, noChromium } from '../support/chromium.js';
import { appear, appearance, lookedAt, startTestServer, type TestServer } from './support.js';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const VIEWS = ['live', 'timeline', 'share', 'review', 'streams'];
const PHONE = { width: 360, height: 740 };

describe('the page', { skip: noChromium, timeout: 300_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let context: BrowserContext | undefined;
  const faults: string[] = [];

  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser.close());
  afterEach(async () => {
    await context?.close();
    context = undefined;
    await server.close();
    assert.deepEqual(faults.splice(0), []);
  });

  /** Whatever goes wrong on the page, or is asked of another host, is a failure. */
  async function open(view: string, options: { config?: object; streams?: string[]; page?: object } = {}) {
    server = await startTestServer(options.config);
    await server.addStreams(options.streams ?? []);
    context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options.page });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (m) => m.type() === 'error' && !/\b40[19]\b/.test(m.text()) && faults.push(m.text()));
    page.on(
      'request',
      (r) => !/^(?:blob|data):/.test(r.url()) && !r.url().startsWith(server.url) && faults.push(r.url()),
    );
    await page.goto(`${server.url}/#/${view}`);
    if (options.config === undefined) await page.getByText('connected', { exact: true }).waitFor();
    return page;
  }

  const tile = (page: Page, id: string) => page.locator(`[data-stream="${id}"]`);

  it('shows an appearance less than a second after its event, and when it ends', async () => {
    const page = await open('live', { streams: ['news', 'sports'] });
    await tile(page, 'news').getByText('no logo').waitFor();
    const seen = page.evaluate<number>(`new Promise((resolve) => {
      const look = () => {
        if (document.querySelector('[data-stream=news] .now')?.textContent === 'acme') resolve(Date.now());
        else requestAnimationFrame(look);
      };
      look();
    })`);
    const told = Date.now();
    await server.state.sink().write([appearance(1)]);
    const tookMs = (await seen) - told;
    assert.ok(tookMs < 1_000, `${tookMs} ms`);
    assert.equal(await tile(page, 'sports').locator('.now').innerText(), 'no logo');
    await page.locator('#announcer', { hasText: 'acme on news' }).waitFor({ state: 'attached' });
    await server.state.sink().write([appearance(1, { revision: 1, state: 'ended', endReason: 'gone' })]);
    await tile(page, 'news').getByText('no logo').waitFor();
  });

  it('shows the last frame with its boxes, and health, of the streams that are looked at', async () => {
    const page = await open('live', { streams: ['news'] });
    const feed = setInterval(
      () => server.state.see(lookedAt({ streamId: 'news', session: 's1', ptsMs: 100 })),
      50,
    );
    try {
      await tile(page, 'news').locator('img:not([hidden])').waitFor();
      assert.equal(await tile(page, 'news').locator('svg rect').count(), 1);
      server.state.health.emit({ type: 'frames-inferred', streamId: 'news', count: 1, ageMs: 123 });
      server.state.health.emit({ type: 'frames-dropped', streamId: 'news', count: 7, reason: 'bus-queue' });
      server.state.health.emit({
        type: 'source-retry',
        streamId: 'news',
        delayMs: 1,
        attempt: 1,
        reason: 'x',
      });
      await tile(page, 'news').getByText('123 ms old, 7 dropped, 1 restarts').waitFor();

      await tile(page, 'news').getByRole('button', { name: 'Missed here: news' }).click();
      const drawing = page.getByRole('application');
      await drawing.press('ArrowRight');
      await drawing.press('Shift+ArrowDown');
      await page.getByLabel('Brand').last().selectOption('globex');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('dialog.wide').waitFor({ state: 'detached' });
      assert.equal(server.state.review.counts.missed, 1);
    } finally {
      clearInterval(feed);
    }
  });

  it('says what to do where there is nothing', async () => {
    const page = await open('live');
    await page.getByRole('heading', { name: 'No stream is watched yet' }).waitFor();
    for (const [view, says] of [
      ['timeline', 'No logo has appeared in this time'],
      ['share', 'Nothing was seen in this time'],
      ['review', 'Nothing to judge'],
      ['streams', 'No stream is watched yet'],
      ['appearance/none', 'It is not to be had'],
    ] as const) {
      await page.goto(`${server.url}/#/${view}`);
      await page.getByRole('heading', { name: says }).waitFor();
    }
    faults.splice(0, faults.length, ...faults.filter((f) => !f.includes('404')));
  });

  it('is judged by keyboard alone, with undo, and leaves what `mine apply` reads', async () => {
    const page = await open('review', { streams: ['news'] });
    for (const n of [1, 2, 3, 4])
      await appear(server.state, n, { streamId: `s${n}`, state: 'ended', endReason: 'gone' });
    const card = page.locator('section[data-id]');
    await card.locator('img').waitFor();
    await page.getByText('acme on s4').first().waitFor();
    const judged = (text: string) => page.getByText(text).waitFor();
    await page.keyboard.press('1');
    await judged('0 right, 1 wrong, 0 not sure');
    await page.getByText('acme on s3').first().waitFor();
    await page.keyboard.press('2');
    await judged('1 right, 1 wrong, 0 not sure');
    await page.getByText('acme on s2').first().waitFor();
    await page.keyboard.press('u');
    await judged('0 right, 1 wrong, 0 not sure');
    await page.getByText('acme on s3').first().waitFor();
    await page.keyboard.press('3');
    await judged('0 right, 1 wrong, 1 not sure');
    await page.getByText('acme on s2').first().waitFor();
    await page.keyboard.press('2');
    await judged('1 right, 1 wrong, 1 not sure');
    await page.getByText('acme on s1').first().waitFor();
    const { folder } = server.state.review;
    const { negatives, positives, leftOut } = await applyVerdicts(folder, join(folder, 'verdicts.json'));
    assert.deepEqual([negatives.pictures, positives.pictures, leftOut], [1, 1, 1]);
  });

  it('adds, pauses, resumes and removes streams', async () => {
    const page = await open('streams');
    await page.getByLabel('Name').fill('cam');
    await page.getByLabel('Address').fill('rtsp://camera.example/live');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: 'Pause cam' }).click();
    await page.getByRole('button', { name: 'Resume cam' }).click();
    await page.getByRole('button', { name: 'Remove cam' }).click();
    await page.getByRole('heading', { name: 'No stream is watched yet' }).waitFor();
    assert.deepEqual(server.state.control.list(), []);
  });

  it('stays usable with 200 streams', async () => {
    const ids = Array.from({ length: 200 }, (_, i) => `stream-${String(i).padStart(3, '0')}`);
    const page = await open('live', { streams: ids });
    await page.getByText('Page 1 of 17, 200 streams').waitFor();
    assert.equal(await page.locator('.tile').count(), 12);
    await page.getByRole('button', { name: 'Next' }).click();
    await tile(page, 'stream-012').waitFor();
    await page.getByLabel('Find a stream').fill('stream-199');
    await tile(page, 'stream-199').waitFor();
    assert.equal(await page.locator('.tile').count(), 1);
    await page.goto(`${server.url}/#/streams`);
    await page.getByText('Page 1 of 4, 200 streams').waitFor();
    assert.equal(await page.locator('tbody tr').count(), 50);
  });

  it('asks for a token where one is needed, keeps it out of addresses, and shows a viewer no buttons', async () => {
    const token = 'viewer-token-0123456789';
    const page = await open('streams', {
      config: { tokens: [{ token, role: 'viewer' }] },
      streams: ['news'],
    });
    const addresses: string[] = [];
    page.on('request', (r) => addresses.push(r.url()));
    await page.getByRole('textbox', { name: 'Token' }).fill('wrong-token-0123456789');
    await page.keyboard.press('Enter');
    await page.getByText('This token is not one of the server’s.').waitFor();
    await page.getByRole('textbox', { name: 'Token' }).fill(token);
    await page.keyboard.press('Enter');
    await page.getByText('connected', { exact: true }).waitFor();
    await page.getByRole('rowheader', { name: 'news' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Pause news' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Add' }).count(), 0);
    assert.ok(addresses.length > 0 && addresses.every((a) => !a.includes('token')));
  });

  for (const [name, options] of [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['a phone', { viewport: PHONE, hasTouch: true, isMobile: true, reducedMotion: 'reduce' }],
  ] as const) {
    it(`has no serious fault that axe-core finds, and no sideways scroll: ${name}`, async () => {
      const page = await open('live', {
        streams: ['news', 'a-stream-with-a-rather-long-name-of-its-own'],
        page: options,
      });
      for (const n of [1, 2, 3]) await appear(server.state, n, { label: n === 2 ? 'globex' : 'acme' });
      for (const view of [...VIEWS, 'appearance/appearance-1']) {
        await page.goto(`${server.url}/#/${view}`);
        await page.waitForTimeout(500);
        const [scroll = 0, width = 0] = await page.evaluate<number[]>(
          '[document.documentElement.scrollWidth, innerWidth]',
        );
        assert.ok(scroll <= width, `${view}: ${scroll} > ${width}`);
        assert.deepEqual(await violations(page), [], view);
      }
    });
  }
});

/** By DevTools, since the page's policy lets no script in. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axePath, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    interface Violation {
      id: string;
      impact: string;
      nodes: { html: string }[];
    }
    const found = (await axe.run()).violations;
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' | ')}`);
  });
}
