import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { textTable } from '../core/text-table.js';
import { readBrands } from '../infer/model/brands.js';
import { createDetector } from '../infer/network-detector.js';
import { type EvalProgress, type Evaluation, evaluate } from '../train/evaluate/evaluate.js';
import {
  BRAND_HEAD,
  brandRow,
  describeData,
  FIGURE_HEAD,
  FRAME_HEAD,
  figureRows,
  frameRow,
} from '../train/evaluate/figures.js';
import { engineOption, positiveInteger, threadsOption } from './options.js';
import { PhaseBars } from './phase-bars.js';

const REPORT_FILE = 'eval.html';

interface EvalCommandOptions {
  output: string;
  negatives?: string[];
  exclude?: string;
  frames?: number;
  composed?: number;
  seed: number;
  json?: boolean;
  engine?: string;
  threads?: number;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description('Measure a model: what it finds, and what it reports although it is not there')
    .argument('<model>', 'folder that `train` or `wrap` made')
    .argument(
      '<dataset>',
      'pictures that it has not learned from: a folder per brand, COCO, YOLO or Pascal VOC',
    )
    .option('-o, --output <folder>', `where ${REPORT_FILE} goes`, 'out')
    .option(
      '--negatives <folders...>',
      'logo-free pictures, and pictures of other logos (COCO with categories); without them composed ones stand in',
    )
    .option('--exclude <file>', 'a path a line: negatives that do hold a brand, to be left out')
    .option(
      '--frames <n>',
      'also compose n frames of 640x360 with a logo at 3 to 20 % of the width',
      positiveInteger,
    )
    .option(
      '--composed <n>',
      'logo-free pictures to compose where you bring none (default: 500)',
      positiveInteger,
    )
    .option('--seed <n>', 'of what is composed', positiveInteger, 1)
    .option('--json', 'print all figures as one JSON document')
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
Examples:
  logowatch eval my-model held-out/ --negatives street-photos/ other-logos/
  logowatch eval my-model held-out/ --negatives photos/ --exclude marked.txt --frames 400 -o reports/may
  logowatch eval my-model held-out/ --json > figures.json

docs/evaluation.md says what each figure means.`,
    )
    .action(run);
}

const TITLES: Record<EvalProgress['phase'], string> = {
  data: 'reading',
  compose: 'composing',
  look: 'looking at pictures',
  report: 'measuring',
};

async function run(model: string, dataset: string, options: EvalCommandOptions): Promise<void> {
  const { output, negatives, exclude, frames, composed, seed } = options;
  const path = join(output, REPORT_FILE);
  // Before minutes of work.
  await storing(output, () => mkdir(output, { recursive: true }));
  const bars = new PhaseBars(TITLES);
  const detector = await createDetector(model, { ...options, exact: true });
  try {
    const { brands } = await readBrands(model);
    const { summary, report } = await evaluate(detector, {
      dataset,
      seed,
      thresholds: new Map(brands.map((b) => [b.label, b.threshold])),
      onProgress: (p) => bars.update(p),
      ...(negatives === undefined ? {} : { negatives }),
      ...(exclude === undefined ? {} : { exclude }),
      ...(frames === undefined ? {} : { frames }),
      ...(composed === undefined ? {} : { composed }),
    });
    bars.stop();
    await storing(path, () => writeFile(path, report));
    if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, report: path })}\n`);
    else process.stdout.write(`${describe(summary)}\nreport: ${path}\n`);
  } finally {
    bars.stop();
    await detector.close();
  }
}

/** Errors of `work` on the report's place as a user can read them. */
async function storing(place: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const full = errnoCode(cause) === 'ENOSPC';
    throw new LogowatchError(full ? 'disk-full' : 'usage', 'The report cannot be written', {
      value: place,
      remedy: full ? 'Free some space' : 'Name a folder that can be written with -o',
      cause,
    });
  }
}

function describe(summary: Evaluation['summary']): string {
  const { model, data, frames, brands } = summary;
  const unreadable = data.unreadable.map((line) => `not read: ${line}`);
  const small = frames === null ? [] : [textTable(FRAME_HEAD, frames.bins.map(frameRow)), ''];
  return [
    `${model.id} (${model.engine}), ${model.labels.length} brands`,
    describeData(summary),
    ...[...data.notes, ...unreadable].map((note) => `! ${note}`),
    '',
    textTable(FIGURE_HEAD, figureRows(summary)),
    '',
    ...small,
    textTable(BRAND_HEAD, brands.map(brandRow)),
    '',
  ].join('\n');
}
