/**
 * The pictures of docs/web.md: `npm run --silent build && node dist/bench/page/screenshots.js [FOLDER]`. Runs the demo, looks at its
 * page in a real Chromium while the broadcast is on, and writes a PNG of each view.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { launchChromium } from '../../test/support/chromium.js';
import { startCli } from '../../test/support/cli.js';
import { until } from '../../test/support/wait.js';

const BYTES_MAX = 120_000;
const output = process.argv[2] ?? 'docs';
const folder = await mkdtemp(join(tmpdir(), 'logowatch-screenshots-'));
const demo = startCli(['demo', '--seconds', '60', '-o', folder, '--web', '127.0.0.1:0', '--keep-open'], {
  limitMs: 400_000,
});
const browser = await launchChromium();
try {
  await until('the page', () => /^page http/m.test(demo.text.stdout), 300_000);
  const url = /^page (\S+)$/m.exec(demo.text.stdout)?.[1] ?? '';
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 } });
  await page.goto(`${url}/#/live`);
  await page.waitForTimeout(25_000);
  // A moment with a logo in it, where there is one soon.
  await page
    .locator('.tile .now', { hasNotText: 'no logo' })
    .first()
    .waitFor({ timeout: 20_000 })
    .catch(() => undefined);
  await page.waitForTimeout(1_200);
  await shoot(page, 'live');
  await page.setViewportSize({ width: 360, height: 640 });
  await shoot(page, 'phone');
  await page.setViewportSize({ width: 1000, height: 640 });
  await until('the end of the broadcast', () => demo.text.stdout.includes('events: '), 300_000);
  for (const view of ['timeline', 'share', 'review', 'streams']) {
    await page.goto(`${url}/#/${view}`);
    if (view === 'share') await page.getByLabel('The last').selectOption({ label: '10 minutes' });
    await page.waitForTimeout(1_500);
    await shoot(page, view);
  }
  await page.goto(`${url}/#/timeline`);
  await page.locator('table a').first().click();
  await page.locator('.picture img').waitFor();
  await page.waitForTimeout(500);
  await shoot(page, 'appearance');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${url}/#/timeline`);
  await page.waitForTimeout(1_000);
  await shoot(page, 'dark');
} finally {
  await browser.close();
  demo.child.kill('SIGINT');
  await demo.ended;
  await rm(folder, { recursive: true, force: true });
}

/** As large, with as many colours, as its bytes allow. */
async function shoot(page: Page, name: string): Promise<void> {
  const picture = await page.screenshot();
  for (const [width, colours] of [
    [1000, 256],
    [1000, 64],
    [800, 64],
    [640, 64],
  ] as const) {
    const resized = sharp(picture).resize({ width, withoutEnlargement: true });
    const png = await resized.png({ palette: true, colours, effort: 10 }).toBuffer();
    if (png.length > BYTES_MAX && width > 640) continue;
    await writeFile(join(output, `web-${name}.png`), png);
    process.stdout.write(`web-${name}.png: ${png.length} bytes, ${width} px, ${colours} colours\n`);
    return;
  }
}
