import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { type ExposureFacts, LastRevisions } from '../exposure/facts.js';
import { exposureReport } from '../exposure/report.js';
import { reportTable } from './exposure-text.js';
import { leaveWithTheReader } from './io.js';
import { isStore, readStore } from './report-store.js';

export function reportCommand(): Command {
  return new Command('report')
    .description('Tell how long each brand was on screen, from files of events or a store')
    .argument(
      '<events...>',
      'files with an event a line, as `watch --events` and `replay -o` write them; postgres://... or the folder of a store',
    )
    .option('--json', 'print the report as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  logowatch report out/events.jsonl
  logowatch report monday.jsonl tuesday.jsonl --json > report.json
  logowatch report postgres://reader@db.example/logowatch      (PGPASSWORD in the environment)

docs/exposure.md says how the seconds are counted.`,
    )
    .action(run);
}

async function run(files: string[], options: { json?: boolean }): Promise<void> {
  leaveWithTheReader();
  const last = new LastRevisions();
  for (const file of files) await ((await isStore(file)) ? readStore(file, last) : readEvents(file, last));
  const report = exposureReport(last.appearances);
  process.stdout.write(`${options.json ? JSON.stringify(report) : reportTable(report)}\n`);
}

/** A last line that is not whole is still being written, and is left out. */
async function readEvents(file: string, into: LastRevisions): Promise<void> {
  const stream = createReadStream(file);
  let number = 0;
  let torn: LogowatchError | undefined;
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
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
  } finally {
    stream.destroy();
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
  const numbers = [event?.revision, event?.exposureMs, event?.coverage, ...times];
  return texts.every((t) => typeof t === 'string') && numbers.every(Number.isFinite);
}

const WHAT_TO_NAME = 'Name a file that `logowatch watch --events FILE` wrote';

const noEvent = (file: string, line: number): LogowatchError =>
  new LogowatchError('message-invalid', 'A line is no appearance event', {
    value: `${file}:${line}`,
    remedy: WHAT_TO_NAME,
  });
