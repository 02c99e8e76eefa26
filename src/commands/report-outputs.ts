import { writeFile } from 'node:fs/promises';
import { errnoCode, isDiskFull, LogowatchError } from '../core/errors.js';
import type { ExposureAnalysis } from '../exposure/analysis.js';
import { exposureCsv } from '../exposure/render/csv.js';
import { exposureHtml } from '../exposure/render/html.js';
import { exposureJson } from '../exposure/render/json.js';
import { exposureXlsx } from '../exposure/render/xlsx.js';
import { analysisTable } from './exposure-text.js';
import type { ReportOptions } from './report-options.js';

/** Files first, so that nothing is printed where one of them fails. Errors: usage, disk-full. */
export async function writeReport(
  analysis: ExposureAnalysis,
  { html, xlsx, json, csv }: Pick<ReportOptions, 'html' | 'xlsx' | 'json' | 'csv'>,
): Promise<void> {
  if (html !== undefined) await save(html, exposureHtml(analysis));
  if (xlsx !== undefined) await save(xlsx, await exposureXlsx(analysis));
  if (json) await print(exposureJson(analysis));
  else if (csv) await print(exposureCsv(analysis));
  else await print([`${analysisTable(analysis)}\n`]);
}

async function save(path: string, content: string | Buffer): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (cause) {
    throw new LogowatchError(isDiskFull(cause) ? 'disk-full' : 'usage', 'The report cannot be written', {
      value: `${path}: ${errnoCode(cause) ?? (cause as Error).message}`,
      remedy: 'Name a file in a folder that is there and may be written to',
      cause,
    });
  }
  process.stderr.write(`logowatch: wrote ${path}\n`);
}

/** No faster than it is read. */
async function print(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces)
    if (!process.stdout.write(piece)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}
