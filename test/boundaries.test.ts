import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { repoRoot } from '../src/core/root.js';

const root = repoRoot();

function cruise(folder: string): { code: number | null; output: string } {
  const bin = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [bin, '--config', join(root, '.dependency-cruiser.cjs'), 'src'];
  const result = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  return { code: result.status, output: result.stdout + result.stderr };
}

/** A tree with one file in each folder, `from` importing `to`. */
function plant(from: string, to: string): { code: number | null; output: string } {
  return plantText(from, to, `import { b } from '../${to}/b.js';\nexport const a = b;\n`);
}

function plantText(from: string, to: string, text: string): { code: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'logowatch-boundaries-'));
  try {
    for (const [path, content] of [
      [`src/${to}/b.ts`, 'export const b = 1;\n'],
      [`src/${from}/a.ts`, text],
      ['tsconfig.json', '{"compilerOptions":{"module":"nodenext","target":"es2023"},"include":["src"]}'],
      ['package.json', '{"type":"module"}'],
    ] as const) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    return cruise(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('import directions', () => {
  it('hold in the project', () => {
    const { code, output } = cruise(root);
    assert.equal(code, 0, output);
  });

  for (const [from, to] of [
    ['core', 'bus'],
    ['bus', 'ingest'],
    ['ingest', 'infer'],
    ['infer', 'sink'],
    ['sink', 'ingest'],
    ['train', 'ingest'],
    ['telemetry', 'bus'],
    ['demo', 'infer'],
    ['mine', 'train'],
    ['infer', 'mine'],
    ['exposure', 'telemetry'],
    ['web', 'infer'],
    ['streams', 'web'],
    ['replay', 'ingest'],
    ['infer', 'exposure'],
    ['streams', 'infer'],
    ['ingest', 'streams'],
    ['store', 'bus'],
    ['store', 'exposure'],
    ['evidence', 'web'],
    ['evidence', 'store'],
    ['sink', 'evidence'],
  ] as const) {
    it(`a planted import from ${from} to ${to} is found`, () => {
      const { code, output } = plant(from, to);
      assert.notEqual(code, 0);
      assert.match(output, new RegExp(`src/${from}/a.ts`));
    });
  }

  it('a planted import of ONNX Runtime past its engine is found', () => {
    const { code, output } = plantText('train', 'infer', "export { Tensor } from 'onnxruntime-node';\n");
    assert.notEqual(code, 0);
    assert.match(output, /src\/train\/a.ts/);
  });

  it('an allowed import passes', () => {
    const { code, output } = plant('infer', 'bus');
    assert.equal(code, 0, output);
  });
});
