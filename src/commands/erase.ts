import { Command } from 'commander';
import { LogowatchError } from '../core/errors.js';
import { openStore } from '../store/open.js';
import type { Erased, Selection } from '../store/store.js';
import { existingStore } from './store-option.js';

interface EraseOptions {
  config?: string;
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
    .description('Erase appearances from a store, with what was said of them')
    .argument(
      '[store]',
      'postgres://... or a folder (default: the one in the config, else the default folder)',
    )
    .option('-c, --config <file>', 'YAML with store (docs/configuration.md)')
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

An appearance that lies in the range in part is erased whole. docs/store.md tells what else may hold it.`,
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
  const store = await openStore(await existingStore(where, options.config));
  try {
    const counts = yes ? await store.erase(selection) : await store.count(selection);
    process.stdout.write(json ? `${JSON.stringify({ erased: yes, ...counts })}\n` : said(counts, yes));
  } finally {
    await store.close();
  }
}

function said({ appearances, verdicts }: Erased, done: boolean): string {
  const what = `${appearances} appearance${appearances === 1 ? '' : 's'}, ${verdicts} verdict${verdicts === 1 ? '' : 's'}`;
  return done ? `Erased: ${what}\n` : `Would be erased: ${what}. Nothing was: add --yes\n`;
}
