/**
 * Makes models/demo: trains on CC0 marks of the npm package simple-icons (a development dependency), with other
 * icons of it as what must stay silent. Nothing but generated scenes around them, so anyone can make it again:
 *   npm run build && node dist/scripts/train-demo-model.js [OUTPUT] [--frames N] [--epochs N] [--seed N]
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repoRoot } from '../src/core/root.js';
import { brandArt, distractorSlugs, loadIcon, type MarkStyle, markSvg } from '../src/demo/brands.js';
import { trainModel } from '../src/train/train.js';

const DISTRACTORS = 600;
const STYLES: readonly MarkStyle[] = ['glyph', 'outline', 'plate'];

async function writeArt(folder: string, seed: number): Promise<{ brands: string; others: string }> {
  const brands = join(folder, 'brands');
  const others = join(folder, 'others');
  for (const { label, style, svg } of await brandArt()) {
    await mkdir(join(brands, label), { recursive: true });
    await writeFile(join(brands, label, `${style}.svg`), svg);
  }
  await mkdir(others, { recursive: true });
  for (const [i, slug] of (await distractorSlugs(seed, DISTRACTORS, 'train')).entries())
    await writeFile(
      join(others, `${slug}.svg`),
      markSvg(await loadIcon(slug), STYLES[i % STYLES.length]!, 256),
    );
  return { brands, others };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '1600' },
    epochs: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(values.seed);
const output = positionals[0] ?? join(repoRoot(), 'models', 'demo');
const folder = await mkdtemp(join(tmpdir(), 'logowatch-demo-art-'));
try {
  const { brands, others } = await writeArt(folder, seed);
  let phase = '';
  const summary = await trainModel({
    dataset: brands,
    output,
    negatives: [others],
    seed,
    id: 'demo',
    frames: Number(values.frames),
    epochs: Number(values.epochs),
    onProgress: (p) => {
      if (p.message !== undefined) console.error(p.message);
      else if (p.phase !== phase) console.error(`${p.phase}: ${p.total}`);
      phase = p.phase;
    },
  });
  // The repository carries the model alone, and that must stay under 1 MB.
  await rm(join(output, 'report.html'), { force: true });
  console.log(JSON.stringify(summary, null, 1));
} finally {
  await rm(folder, { recursive: true, force: true });
}
