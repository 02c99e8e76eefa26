import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { charts } from './charts.js';
import type { Results } from './results.js';
import { tables } from './tables.js';

/** Writes open-set.json and open-set-*.svg, and puts the tables between the marks of open-set.md. */
export async function writeResults(results: Results, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const page = join(folder, 'open-set.md');
  const found = tables(results);
  const before = await readFile(page, 'utf8').catch(() => unwritten(Object.keys(found)));
  const files = new Map([
    [page, fillMarks(before, found)],
    [join(folder, 'open-set.json'), `${JSON.stringify(results, rounded, 1)}\n`],
    ...Object.entries(charts(results)).map(([name, svg]) => [join(folder, name), svg] as const),
  ]);
  for (const [file, content] of files) await writeFile(file, content);
  return [...files.keys()];
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value;
}

const open = (name: string): string => `<!-- study: ${name} -->`;
const CLOSE = '<!-- study end -->';

function unwritten(names: readonly string[]): string {
  return `# Open-set recognition: the figures\n\n${names.map((n) => `${open(n)}\n${CLOSE}\n`).join('\n')}`;
}

/** Replaces what stands between each mark and its end; text around them stays. */
export function fillMarks(page: string, found: Readonly<Record<string, string>>): string {
  return page.replace(/<!-- study: ([\w-]+) -->[\s\S]*?<!-- study end -->/g, (all, name: string) => {
    const content = found[name];
    return content === undefined ? all : `${open(name)}\n${content}\n${CLOSE}`;
  });
}
