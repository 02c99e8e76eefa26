import { Command } from 'commander';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { linesOf } from '../core/lines.js';
import { type ExposureOptions, exposureAnalysis } from '../exposure/analysis.js';
import { type ExposureFacts, LastRevisions } from '../exposure/facts.js';
import { exposureReport } from '../exposure/report.js';
import { localTimeOf } from '../exposure/time-zone.js';
import { windowOf } from '../exposure/window.js';
import type { Selection } from '../store/store.js';
import { secondsTable } from './exposure-text.js';
import { leaveWithTheReader } from './io.js';
import { analysisOptions, type ReportOptions, reportOptions } from './report-options.js';
import { writeReport } from './report-outputs.js';
import { isStore, readStore, reportOfStore } from './report-store.js';

export function reportCommand(): Command {
  const command = new Command('report')
    .description(
      'Tell how long, how large and how well each brand was on screen, from files of events or a store',
    )
    .argument(
      '<events...>',
      'files with an event a line, as `watch --events` and `replay -o` write them; postgres://... or the folder of a store',
    );
  return reportOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  logowatch report out/events.jsonl
  logowatch report monday.jsonl tuesday.jsonl --by hour --time-zone Europe/Berlin --csv > report.csv
  logowatch report out/events.jsonl --by programme --schedule guide.xml --html report.html --xlsx report.xlsx
  logowatch report out/events.jsonl --from 2026-01-31 --to 2026-02-01 --rates rates.yaml --json
  logowatch report postgres://reader@db.example/logowatch      (PGPASSWORD in the environment)

docs/exposure.md says how the figures are counted.`,
    )
    .action(run);
}

async function run(files: string[], options: ReportOptions): Promise<void> {
  leaveWithTheReader();
  if (options.seconds) return printSeconds(files, options);
  const asked = await analysisOptions(options);
  const { appearances } = await readAll(files, boundsOf(asked));
  await writeReport(exposureAnalysis(appearances, asked), options);
}

async function printSeconds(files: readonly string[], { json }: ReportOptions): Promise<void> {
  const [only] = files;
  const alone = only !== undefined && files.length === 1 && (await isStore(only));
  const report = alone ? await reportOfStore(only) : exposureReport((await readAll(files)).appearances);
  process.stdout.write(`${json ? JSON.stringify(report) : secondsTable(report)}\n`);
}

/** @param bounds of a store no more is read than what was on screen between them */
async function readAll(files: readonly string[], bounds: Selection = {}): Promise<LastRevisions> {
  const last = new LastRevisions();
  for (const file of files)
    await ((await isStore(file)) ? readStore(file, last, bounds) : readEvents(file, last));
  return last;
}

function boundsOf({ from, to, timeZone }: ExposureOptions): Selection {
  const { fromMs, toMs } = windowOf(from, to, localTimeOf(timeZone));
  const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : undefined);
  return { from: iso(fromMs), to: iso(toMs) };
}

/** A last line that is not whole is still being written, and is left out. */
async function readEvents(file: string, into: LastRevisions): Promise<void> {
  let number = 0;
  let torn: LogowatchError | undefined;
  try {
    for await (const line of linesOf(file)) {
      number++;
      if (torn !== undefined) throw torn;
      if (line.trim() === '') continue;
      const value = jsonOf(line);
      if (value === undefined) torn = noEvent(file, number);
      else if (isEvent(value)) into.add(value);
      else throw noEvent(file, number);
    }
  } catch (cause) {
    if (cause instanceof LogowatchError) throw cause;
    throw new LogowatchError('usage', 'The events cannot be read', {
      value: `${file}: ${errnoCode(cause) ?? (cause as Error).message}`,
      remedy: WHAT_TO_NAME,
      cause,
    });
  }
  if (torn !== undefined && number === 1) throw torn;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isEvent(value: unknown): value is ExposureFacts {
  const event = value as Partial<ExposureFacts> | null;
  const texts = [event?.id, event?.streamId, event?.session, event?.label, event?.startTime];
  const times = [event?.startPtsMs, event?.endPtsMs, Date.parse(String(event?.startTime))];
  const looks = [event?.areaMean, event?.meanScore, ...(Array.isArray(event?.meanBox) ? event.meanBox : [])];
  const numbers = [event?.revision, event?.exposureMs, event?.coverage, ...times, ...looks];
  if (looks.length !== 6) return false;
  return texts.every((t) => typeof t === 'string') && numbers.every(Number.isFinite);
}

const WHAT_TO_NAME = 'Name a file that `logowatch watch --events FILE` wrote';

const noEvent = (file: string, line: number): LogowatchError =>
  new LogowatchError('message-invalid', 'A line is no appearance event', {
    value: `${file}:${line}`,
    remedy: WHAT_TO_NAME,
  });
