import { join } from 'node:path';
import { Command } from 'commander';
import { LogowatchError } from '../core/errors.js';
import { textTable } from '../core/text-table.js';
import { promoteModel } from '../infer/model/promote.js';
import { createDetector } from '../infer/network-detector.js';
import { isBetter, type Standing, standingOf } from '../mine/standing.js';
import type { EvalSummary } from '../train/evaluate/document.js';
import { evaluate } from '../train/evaluate/evaluate.js';
import { engineOption, threadsOption } from './options.js';

interface PromoteOptions {
  reviewed?: string;
  verdicts?: string;
  dataset?: string;
  negatives?: string[];
  force?: boolean;
  json?: boolean;
  engine?: string;
  threads?: number;
}

type Own = EvalSummary['ownThresholds'];

/** One model's figures. */
interface Figures {
  readonly reviewed?: Standing;
  readonly evaluated?: Own;
}

export function promoteCommand(): Command {
  return new Command('promote')
    .description(
      'Put a new model in the place of an old one, where it is the better one; the old one is kept',
    )
    .argument('<new>', 'folder of the new model')
    .argument('<old>', 'folder that it takes over')
    .option('--reviewed <folder>', 'what the page’s review, or `mine`, made')
    .option('--verdicts <file>', 'verdicts on it (default: verdicts.json in that folder)')
    .option('--dataset <folder>', 'held-out pictures, as for `eval`')
    .option('--negatives <folders...>', 'logo-free pictures for --dataset')
    .option('--force', 'also where it is no better, or nothing to compare on is named')
    .option('--json', 'the comparison as one JSON document')
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
Examples:
  logowatch promote better my-model --reviewed review
  logowatch promote better my-model --reviewed review --dataset held-out/

Exit code 1 where the new model is no better: nothing is changed then. docs/web.md`,
    )
    .action(run);
}

async function run(next: string, old: string, options: PromoteOptions): Promise<void> {
  if (options.reviewed === undefined && options.dataset === undefined && !options.force)
    throw new LogowatchError('usage', 'There is nothing to compare the models on', {
      remedy: 'Name --reviewed or --dataset, or say --force',
    });
  const before = await figuresOf(old, options);
  const after = await figuresOf(next, options);
  const refusals = worseIn(after, before);
  const promoted = refusals.length === 0 || options.force === true;
  const kept = promoted ? await promoteModel(next, old) : null;
  if (options.json) process.stdout.write(`${JSON.stringify({ promoted, kept, refusals, before, after })}\n`);
  else process.stdout.write(describe(before, after, refusals, { old, kept }));
  if (!promoted) process.exitCode = 1;
}

async function figuresOf(model: string, options: PromoteOptions): Promise<Figures> {
  const { reviewed, dataset, negatives } = options;
  const detector = await createDetector(model, { ...options, exact: true });
  try {
    const verdicts = options.verdicts ?? join(reviewed ?? '', 'verdicts.json');
    return {
      ...(reviewed !== undefined && { reviewed: await standingOf(detector, reviewed, verdicts) }),
      ...(dataset !== undefined && {
        evaluated: (await evaluate(detector, { dataset, seed: 1, ...(negatives && { negatives }) })).summary
          .ownThresholds,
      }),
    };
  } finally {
    await detector.close();
  }
}

/** Why not. On the data set the new one must not leave the old one's 95 % intervals on the wrong side. */
function worseIn(after: Figures, before: Figures): string[] {
  const why: string[] = [];
  if (after.reviewed && before.reviewed && !isBetter(after.reviewed, before.reviewed))
    why.push('on what was reviewed it is no better');
  const [next, old] = [after.evaluated, before.evaluated];
  if (next && old && next.falseLogoFree.value > old.falseLogoFree.high)
    why.push('on the data set it reports more where there is no logo');
  if (next && old && next.rightBrand.value < old.rightBrand.low)
    why.push('on the data set it finds fewer logos');
  return why;
}

function describe(
  before: Figures,
  after: Figures,
  refusals: readonly string[],
  { old, kept }: { old: string; kept: string | null },
): string {
  const share = (s: Own['rightBrand']) => `${s.hits} of ${s.count}`;
  const rows: string[][] = [];
  if (before.reviewed && after.reviewed) {
    const [b, a] = [before.reviewed, after.reviewed];
    rows.push(['reviewed: taken for a logo', `${b.taken} of ${b.others}`, `${a.taken} of ${a.others}`]);
    rows.push(['reviewed: logos found', `${b.found} of ${b.logos}`, `${a.found} of ${a.logos}`]);
  }
  if (before.evaluated && after.evaluated) {
    const [b, a] = [before.evaluated, after.evaluated];
    rows.push(['data set: false logo-free pictures', share(b.falseLogoFree), share(a.falseLogoFree)]);
    rows.push(['data set: right brand reported', share(b.rightBrand), share(a.rightBrand)]);
  }
  const table = rows.length === 0 ? [] : [textTable(['', 'old', 'new'], rows), ''];
  const said =
    kept === null
      ? [`not promoted: ${refusals.join('; ')}. --force does it all the same`]
      : [
          `${old} is the new model; the old one is in ${kept}`,
          'A running `watch` takes it up at its next start',
        ];
  return `${[...table, ...said].join('\n')}\n`;
}
