import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** CHROMIUM_PATH, or Debian's. */
export function chromiumPath(): string | undefined {
  const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  return existsSync(path) ? path : undefined;
}

export function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('no Chromium: ask chromiumPath first');
  return chromium.launch({ executablePath, timeout: 60_000 });
}

/** For `{ skip }` of a test. */
export const noChromium =
  chromiumPath() === undefined && 'no Chromium here: install it, or set CHROMIUM_PATH';
