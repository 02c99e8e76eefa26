import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import { interpolate } from '../config-values.js';
import { errnoCode, LogowatchError } from '../core/errors.js';
import type { ExposureOptions } from '../exposure/analysis.js';
import { CUTS, type CutBy } from '../exposure/cuts.js';
import { parsedBy } from '../exposure/parsed.js';
import { parseRateCard } from '../exposure/rates.js';
import { parseSchedule } from '../exposure/schedule.js';
import { exposureSchema } from '../exposure/settings.js';

export interface ReportOptions {
  config?: string;
  by?: CutBy;
  schedule?: string;
  rates?: string;
  from?: string;
  to?: string;
  timeZone?: string;
  seconds?: boolean;
  json?: boolean;
  csv?: boolean;
  html?: string;
  xlsx?: string;
}

export function reportOptions(command: Command): Command {
  return command
    .addOption(new Option('--by <part>', 'figures of each part of the time too').choices(CUTS))
    .option(
      '--schedule <file>',
      'what was on when, for --by programme: XMLTV, or CSV (stream,start,end,title)',
    )
    .option('--rates <file>', 'rate card for media value: YAML (docs/exposure.md)')
    .option('--from <time>', 'from then on: 2026-01-31, 2026-01-31T20:00, or with an offset')
    .option('--to <time>', 'until then, and without it')
    .option('--time-zone <name>', 'whose hours and days are meant, as Europe/Berlin (default UTC)')
    .option('-c, --config <file>', 'YAML whose section `exposure` has bands, weights and rates')
    .addOption(
      new Option('--seconds', 'seconds and appearances alone: the quick way to a large store').conflicts([
        ...['by', 'schedule', 'rates', 'from', 'to', 'csv', 'html', 'xlsx'],
      ]),
    )
    .addOption(new Option('--json', 'print the report as one JSON document').conflicts('csv'))
    .option('--csv', 'print it as CSV')
    .option('--html <file>', 'write it as a page with charts, to look at or to print')
    .option('--xlsx <file>', 'write it as a workbook');
}

/** Reads the files that the options name. Errors: usage, config-invalid. */
export async function analysisOptions(options: ReportOptions): Promise<ExposureOptions> {
  const { by, from, to, timeZone } = options;
  if ((by === 'programme') !== (options.schedule !== undefined))
    throw new LogowatchError('usage', '--by programme and --schedule belong together', {
      remedy:
        by === 'programme' ? 'Name a file with --schedule' : 'Add --by programme, or leave --schedule out',
    });
  const settings = await settingsOf(options.config);
  const rates = options.rates === undefined ? settings.rates : await rateCard(options.rates);
  const schedule =
    options.schedule === undefined
      ? undefined
      : parseSchedule(await textOf(options.schedule, 'schedule'), options.schedule, timeZone);
  return { by, from, to, timeZone, schedule, settings: { ...settings, rates } };
}

/** Of the config no more than this section, so that no password need be at hand for a report. */
async function settingsOf(path: string | undefined) {
  if (path === undefined) return exposureSchema.parse({});
  const written = yamlOf(await textOf(path, 'config'), path) as { exposure?: unknown } | null;
  const section = interpolate(written?.exposure ?? {}, process.env, 'exposure');
  return parsedBy(exposureSchema, section, `${path}, exposure`, 'docs/exposure.md lists every key');
}

async function rateCard(path: string) {
  return parseRateCard(yamlOf(await textOf(path, 'rate card'), path), path);
}

function yamlOf(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const [line = ''] = (cause as Error).message.split('\n');
    throw new LogowatchError('config-invalid', `${path} is not YAML: ${line}`, {
      remedy: 'Mend that line',
      cause,
    });
  }
}

async function textOf(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new LogowatchError('usage', `The ${what} cannot be read`, {
      value: `${path}: ${errnoCode(cause) ?? (cause as Error).message}`,
      remedy: 'Check the path',
      cause,
    });
  }
}
