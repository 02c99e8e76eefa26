import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repoRoot } from '../src/core/root.js';

const LINES_MAX = 250;
const root = repoRoot();

function files(folder: string, ending: string): string[] {
  const all = readdirSync(join(root, folder), { recursive: true }).map(String);
  return all.filter((f) => f.endsWith(ending)).map((f) => join(folder, f));
}

describe('the tree', () => {
  it(`has no source file above ${LINES_MAX} lines`, () => {
    const long = files('src', '.ts').filter(
      (f) => readFileSync(join(root, f), 'utf8').split('\n').length > LINES_MAX + 1,
    );
    assert.deepEqual(long, []);
  });

  it('tells no machine’s paths and no registry’s host', () => {
    const words = ['/wo' + 'rk/', '/ho' + 'me/', 'registry.' + 'npmjs'];
    const everything = ['src', 'test', 'bench', 'scripts', 'docs'].flatMap((f) => [
      ...files(f, '.ts'),
      ...files(f, '.md'),
    ]);
    const told = everything.filter((f) => words.some((w) => readFileSync(join(root, f), 'utf8').includes(w)));
    assert.deepEqual(told, []);
  });

  it('has a lock file that names no host', () => {
    assert.doesNotMatch(readFileSync(join(root, 'package-lock.json'), 'utf8'), /"resolved"/);
  });
});
