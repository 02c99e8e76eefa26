// The picture in docs/exposure.md: node dist/bench/exposure/shot.js REPORT.html OUT.png (CHROMIUM_PATH, or Debian's)
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const [page = '', out = ''] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium' });
try {
  const tab = await browser.newPage({ viewport: { width: 1000, height: 1560 } });
  await tab.goto(pathToFileURL(resolve(page)).href);
  const picture = await tab.screenshot();
  await sharp(picture).png({ palette: true, colours: 64 }).toFile(out);
} finally {
  await browser.close();
}
