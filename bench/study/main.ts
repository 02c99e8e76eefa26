/**
 * The experiment behind docs/open-set.md: a classifier that must choose among ten logos, and every cure that people
 * suggest, side by side. `npm run study -- --help`.
 */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { exitCodeOf, printError, stopOnSignals } from '../../src/commands/io.js';
import { positiveInteger } from '../../src/commands/options.js';
import { useShippedFonts } from '../../src/core/fonts.js';
import { fillBank } from './bank.js';
import { defaultWorkFolder, WorkCache } from './cache.js';
import { readStudyData, type StudyData } from './data.js';
import { judgeByDetector, trainDetector } from './detector.js';
import { PooledFeatures } from './features.js';
import { judge } from './heads.js';
import { StudyProgress } from './progress.js';
import { recipes } from './recipes.js';
import { type Results, type Row, rowOf } from './results.js';
import { type Plans, planTests, truthOf } from './tests.js';
import { writeResults } from './write.js';

interface Options {
  model?: string;
  work: string;
  out: string;
  seeds: number;
}

useShippedFonts();
// npm runs scripts in the package's folder; paths that a user types are relative to where the user is.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
const command = new Command('study')
  .description('Measure what keeps a logo recogniser silent on pictures without logos')
  .argument('<data>', 'holds logos/{train,val,test}, no-logo/{train,test} and unknown-logos/{train,test}')
  .option('--model <folder>', 'a model made by `train` on the same data; without it one is trained')
  .option('--work <folder>', 'keeps what is worked out: a second run goes on from there', defaultWorkFolder())
  .option('--out <folder>', 'where open-set.md, .json and -*.svg go', 'docs')
  .option('--seeds <n>', 'times that each head is trained', positiveInteger, 3)
  .addHelpText(
    'after',
    `
Examples:
  npm run study -- DATA
  npm run study -- DATA --model my-model --seeds 1 --out out/study`,
  )
  .action(run);
await command.parseAsync();

async function run(folder: string, options: Options): Promise<void> {
  const { signal, release } = stopOnSignals();
  const progress = new StudyProgress(signal);
  try {
    const results = await study(resolve(folder), options, progress, signal);
    const files = await writeResults(results, resolve(options.out));
    progress.close();
    process.stdout.write(`${files.join('\n')}\n`);
  } catch (error) {
    progress.close();
    if (signal.aborted) process.stderr.write('study: stopped; the same command goes on from there\n');
    else printError(error);
    process.exitCode = signal.aborted ? 1 : exitCodeOf(error);
  } finally {
    release();
  }
}

async function study(
  root: string,
  options: Options,
  progress: StudyProgress,
  signal: AbortSignal,
): Promise<Results> {
  const { report } = progress;
  const cache = await WorkCache.open(resolve(options.work));
  const data = await readStudyData(root);
  const plans = planTests(data);
  const truth = truthOf(data, plans);
  const rows = await classifierRows(data, plans, cache, options.seeds, progress);
  const model = options.model ? resolve(options.model) : await trainDetector(data, cache, report, signal);
  const detector = await judgeByDetector(model, data, plans, cache, report);
  const named = {
    id: 'detector',
    title: 'a dense head on three strides, as train makes it',
    section: 'detection',
  } as const;
  rows.push(rowOf(named, [{ verdicts: detector.verdicts, freeProbabilities: undefined }], truth));
  return {
    command: `npm run study -- DATA${options.model ? ' --model MODEL' : ''}${options.seeds === 3 ? '' : ` --seeds ${options.seeds}`}`,
    seeds: options.seeds,
    cpuSeconds: cpuSeconds(),
    detector: detector.name,
    brands: data.brands,
    counts: counts(data, plans),
    rows,
  };
}

async function classifierRows(
  data: StudyData,
  plans: Plans,
  cache: WorkCache,
  seeds: number,
  { report }: StudyProgress,
): Promise<Row[]> {
  const features = await PooledFeatures.open(cache);
  try {
    const bank = await fillBank(data, plans, features, cache, report);
    const truth = truthOf(data, plans);
    const rows: Row[] = [];
    const all = recipes();
    for (const [at, recipe] of all.entries()) {
      const byChance = recipe.score !== 'neighbour' && recipe.score !== 'mahalanobis';
      const judged = [];
      for (let seed = 1; seed <= (byChance ? seeds : 1); seed++) {
        const name = `head ${at + 1} of ${all.length}, seed ${seed}, epoch`;
        const onEpoch = (done: number): void => report(name, done, recipe.head.epochs);
        judged.push(await judge(recipe, bank, data.brands.length, seed, cache, onEpoch));
      }
      rows.push(rowOf(recipe, judged, truth));
    }
    return rows;
  } finally {
    await features.close();
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1e6);
}

function counts({ brands, train, test }: StudyData, plans: Plans): Record<string, number> {
  return {
    brands: brands.length,
    'training: photos of the brands': train.logos.length,
    'training: scenes': train.scenes.length,
    'training: other logos': train.unknown.length,
    'test photos with a brand': test.logos.length,
    'test photos without': test.scenes.length,
    'test photos of unknown logos': test.unknown.length,
    'frames with a brand': plans.logo.length,
    'frames without': plans.free.length,
    'frames with an unknown logo': plans.unknown.length,
  };
}
