import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repoRoot } from '../../src/core/root.js';

/** Draws a capital I and an M in a process of its own: with a font they differ in width, without one they do not. */
const DRAW = `
const { useShippedFonts } = await import(process.argv[1]);
if (process.argv[2] === 'shipped') useShippedFonts();
const { default: sharp } = await import('sharp');
const width = async (text) => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="60"><text x="5" y="45" font-family="sans-serif" font-size="40">' + text + '</text></svg>';
  return (await sharp(Buffer.from(svg)).trim().toBuffer({ resolveWithObject: true })).info.width;
};
console.log((await width('MMMM')) / (await width('llll')));
`;

function widthRatio(environment: NodeJS.ProcessEnv, ...args: string[]): number {
  const module = join(import.meta.dirname, '..', '..', 'src', 'core', 'fonts.js');
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', DRAW, module, ...args], {
    cwd: repoRoot(),
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return Number(result.stdout);
}

describe('fonts', () => {
  it('text is drawn with the shipped fonts where the machine has none', () => {
    const home = mkdtempSync(join(tmpdir(), 'logowatch-fonts-'));
    try {
      const none = { HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
      assert.ok(widthRatio(none, 'shipped') > 2);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it('a font configuration of the user stays, even one without any font', () => {
    const folder = mkdtempSync(join(tmpdir(), 'logowatch-fonts-'));
    try {
      const file = join(folder, 'fonts.conf');
      writeFileSync(file, `<?xml version="1.0"?><fontconfig><cachedir>${folder}</cachedir></fontconfig>`);
      assert.ok(widthRatio({ FONTCONFIG_FILE: file }, 'shipped') < 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
