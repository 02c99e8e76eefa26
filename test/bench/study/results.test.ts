import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { XMLValidator } from 'fast-xml-parser';
import { WIDTHS } from '../../../bench/study/frames.js';
import type { Verdict, Verdicts } from '../../../bench/study/measures.js';
import { recipes } from '../../../bench/study/recipes.js';
import { FALSE_RATES, type Results, rowOf } from '../../../bench/study/results.js';
import { cell, tables } from '../../../bench/study/tables.js';
import type { TestSet, Truth } from '../../../bench/study/tests.js';
import { fillMarks, writeResults } from '../../../bench/study/write.js';
import { Rng } from '../../../src/train/rng.js';

const LOGOS = 40;
const truth: Record<TestSet, Truth> = {
  photos: { brands: Array.from({ length: LOGOS }, (_, i) => [i % 3]), widths: Array(LOGOS).fill(-1) },
  frames: {
    brands: Array.from({ length: LOGOS }, (_, i) => [i % 3]),
    widths: Array.from({ length: LOGOS }, (_, i) => i % WIDTHS.length),
  },
};

/** Pictures with a logo score higher by `gap`; half of their brands are right. */
function verdicts(seed: number, gap: number): Verdicts {
  const rng = new Rng(seed);
  const some = (count: number, more: number, brand: (i: number) => number): Verdict[] =>
    Array.from({ length: count }, (_, i) => ({ score: rng.normal() + more, brand: brand(i) }));
  return {
    logo: some(LOGOS, gap, (i) => (i < LOGOS / 2 ? i % 3 : 5)),
    free: some(100, 0, () => 0),
    unknown: some(20, 0, () => 0),
  };
}

const judged = (seed: number, gap: number) => ({
  verdicts: { photos: verdicts(seed, gap), frames: verdicts(seed + 100, 0) },
  freeProbabilities: { photos: [0.6, 0.95, 0.999], frames: [1, 1, 1] },
});

const results: Results = {
  command: 'npm run study -- DATA',
  seeds: 3,
  cpuSeconds: 60,
  detector: 'study (onnx-int8)',
  brands: ['a', 'b', 'c'],
  counts: { 'training: scenes': 2298, 'training: other logos': 587 },
  rows: [
    ...recipes().map((recipe) =>
      rowOf(
        recipe,
        [1, 2, 3].map((seed) => judged(seed, 2)),
        truth,
      ),
    ),
    rowOf(
      { id: 'detector', title: 'detector', section: 'detection' },
      [{ ...judged(1, 50), freeProbabilities: undefined }],
      truth,
    ),
  ],
};

describe('what the study writes', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logowatch-study-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('gives each row the measures of its verdicts', () => {
    const row = results.rows.at(-1)!;
    assert.equal(row.photos.auroc.mean, 1);
    assert.equal(row.photos.rightAt1.mean, 0.5);
    assert.equal(row.confidence, undefined);
    // At 100 % false frames everything is let in: what is left is whether the brand is right.
    assert.equal(row.curve.length, FALSE_RATES.length);
    assert.equal(row.curve.at(-1), 0.5);
    assert.ok(row.curve.every((v, i) => i === 0 || v >= row.curve[i - 1]!));
    const softmax = results.rows[0]!;
    assert.equal(softmax.confidence?.frames.above99.mean, 1);
    assert.ok(softmax.photos.auroc.deviation > 0);
    assert.equal(softmax.survival?.[0], 1);
    assert.ok(Math.abs(softmax.survival![45]! - 2 / 3) < 1e-9);
  });

  it('writes whole SVG files, and tables with a line a method', async () => {
    await writeFile(
      join(folder, 'open-set.md'),
      '# Mine\n\n<!-- study: photos -->\nold\n<!-- study end -->\n\nkept\n',
    );
    await writeResults(results, folder);
    for (const name of (await readdir(folder)).filter((f) => f.endsWith('.svg'))) {
      const svg = await readFile(join(folder, name), 'utf8');
      assert.equal(XMLValidator.validate(svg), true, name);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/, name);
    }
    const page = await readFile(join(folder, 'open-set.md'), 'utf8');
    assert.ok(page.startsWith('# Mine') && page.endsWith('\n\nkept\n') && !page.includes('old'));
    for (const { title } of recipes()) assert.ok(page.includes(`| ${title} |`), title);
    const json = JSON.parse(await readFile(join(folder, 'open-set.json'), 'utf8')) as Results;
    assert.equal(json.rows.length, recipes().length + 1);
  });

  it('makes a page of its own where there is none', async () => {
    const out = join(folder, 'fresh');
    await writeResults(results, out);
    const page = await readFile(join(out, 'open-set.md'), 'utf8');
    for (const name of Object.keys(tables(results)))
      assert.ok(page.includes(`<!-- study: ${name} -->\n|`), name);
  });

  it('writes shares without the leading zero, with the spread where there is one', () => {
    assert.equal(cell({ mean: 0.8123, deviation: 0.004, seeds: 3 }, 2), '.81 ± .00');
    assert.equal(cell({ mean: 1, deviation: 0, seeds: 1 }), '1.000');
    assert.equal(cell({ mean: Number.NaN, deviation: 0, seeds: 1 }), '-');
  });

  it('leaves marks that it does not know', () => {
    const page = '<!-- study: other -->\nx\n<!-- study end -->';
    assert.equal(fillMarks(page, {}), page);
  });
});
