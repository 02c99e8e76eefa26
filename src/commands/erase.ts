import { access } from 'node:fs/promises';
import { Command } from 'commander';
import { type Config, loadConfig } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { eraseEvidence } from '../evidence/erase.js';
import { evidencePath } from '../evidence/open.js';
import { openStore } from '../store/open.js';
import { checkedTime } from '../store/selection.js';
import type { Erased, Selection } from '../store/store.js';
import { existingStore } from './store-option.js';

interface EraseOptions {
  config?: string;
  evidence?: string;
  stream?: string[];
  brand?: string[];
  from?: string;
  to?: string;
  all?: boolean;
  yes?: boolean;
  json?: boolean;
}

export function eraseCommand(): Command {
  return new Command('erase')
    .description('Erase appearances from a store, with what was said of them, and their evidence')
    .argument(
      '[store]',
      'postgres://... or a folder (default: the one in the config, else the default folder)',
    )
    .option('-c, --config <file>', 'YAML with store and evidence (docs/configuration.md)')
    .option(
      '--evidence <folder>',
      'pictures in this folder too; without a store and a config: of these alone',
    )
    .option('--stream <id...>', 'of these streams')
    .option('--brand <name...>', 'of these brands')
    .option(
      '--from <time>',
      'what was on screen at this time or later, like 2026-01-31 or 2026-01-31T18:00:00Z',
    )
    .option('--to <time>', 'what began before this time')
    .option('--all', 'everything: when none of these is given')
    .option('--yes', 'do it; without it the command only counts')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  logowatch erase -c logowatch.yaml --stream news --to 2026-01-01         how much it would be
  logowatch erase -c logowatch.yaml --stream news --to 2026-01-01 --yes   do it

An appearance that lies in the range in part is erased whole. Where neither a store nor a config nor --evidence is named, the default
folders of both are meant. docs/store.md tells what else may hold it.`,
    )
    .action(run);
}

async function run(where: string | undefined, options: EraseOptions): Promise<void> {
  const { stream: streams, brand: labels, from, to, all, yes = false, json = false } = options;
  const selection: Selection = { streams, labels, from, to };
  const everything = Object.values(selection).every((value) => value === undefined);
  if (everything !== (all ?? false))
    throw new LogowatchError('usage', everything ? 'Nothing says what to erase' : '--all goes alone', {
      remedy: 'Give --stream, --brand, --from or --to, or --all for everything',
    });
  for (const time of [from, to]) if (time !== undefined) checkedTime(time);
  const config = options.config === undefined ? undefined : await loadConfig(options.config);
  const folder = await evidenceFolder(where, options.evidence, config);
  const inStore =
    where !== undefined || (config === undefined ? options.evidence === undefined : config.store);
  const kept = inStore || folder === undefined ? await eraseStored(where, options, selection) : NONE;
  const evidence = folder === undefined ? 0 : await eraseEvidence(folder, selection, yes);
  const counts = { ...kept, evidence };
  process.stdout.write(json ? `${JSON.stringify({ erased: yes, ...counts })}\n` : said(counts, yes));
}

const NONE: Erased = { appearances: 0, verdicts: 0 };

async function eraseStored(
  where: string | undefined,
  { config, yes }: EraseOptions,
  selection: Selection,
): Promise<Erased> {
  const store = await openStore(await existingStore(where, config));
  try {
    return yes ? await store.erase(selection) : await store.count(selection);
  } finally {
    await store.close();
  }
}

/** Undefined where none belongs to what is named: then one that lies in the default folder is left, and said to be. */
async function evidenceFolder(
  store: string | undefined,
  named: string | undefined,
  config: Config | undefined,
): Promise<string | undefined> {
  const path = named ?? evidencePath(config?.evidence);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (named !== undefined && !there)
    throw new LogowatchError('usage', 'There is no such folder of evidence', { value: named });
  if (!there) return undefined;
  const meant = named !== undefined || config?.evidence !== undefined || (store === undefined && !config);
  if (meant) return path;
  process.stderr.write(`logowatch: evidence in ${path} is left: name it with --evidence\n`);
  return undefined;
}

function said({ appearances, verdicts, evidence }: Erased & { evidence: number }, done: boolean): string {
  const counted = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const pictures = evidence === 0 ? '' : `, evidence of ${counted(evidence, 'appearance')}`;
  const what = `${counted(appearances, 'appearance')}, ${counted(verdicts, 'verdict')}${pictures}`;
  return done ? `Erased: ${what}\n` : `Would be erased: ${what}. Nothing was: add --yes\n`;
}
