import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Lets drawn text look the same on every machine, those without any font included: fontconfig is pointed at the fonts
 * of the npm package dejavu-fonts-ttf. Call it before the first picture with text is drawn; a FONTCONFIG_FILE that the
 * user has set stays. Where the cache folder cannot be written the machine's own fonts are used.
 */
export function useShippedFonts(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment.FONTCONFIG_FILE !== undefined) return;
  const fonts = dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'));
  let file: string;
  try {
    // In a container a user may have neither a home nor a name.
    const cache = join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'logowatch', 'fontconfig');
    file = join(cache, 'fonts.conf');
    mkdirSync(cache, { recursive: true });
    writeFileSync(file, configuration(fonts, cache));
  } catch {
    return;
  }
  environment.FONTCONFIG_FILE = file;
}

const GENERIC = { 'sans-serif': 'DejaVu Sans', serif: 'DejaVu Serif', monospace: 'DejaVu Sans Mono' };

function configuration(fonts: string, cache: string): string {
  const aliases = Object.entries(GENERIC).map(
    ([generic, family]) =>
      `<alias><family>${generic}</family><prefer><family>${family}</family></prefer></alias>`,
  );
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${escapeXml(fonts)}</dir><cachedir>${escapeXml(cache)}</cachedir>${aliases.join('')}</fontconfig>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
