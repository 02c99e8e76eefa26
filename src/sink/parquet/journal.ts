import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Appearance } from '../../core/appearance.js';
import type { SinkContext } from '../context.js';
import { createJsonl } from '../sinks/jsonl.js';
import { columnsOf, misfit, SCHEMA } from './columns.js';

/** Rows encoded at a time: so long the event loop stands still. */
const ROW_GROUP = 5_000;
const JOURNAL = /^journal-([0-9a-f]{12})\.jsonl$/;
const PART = /^journal-[0-9a-f]{12}\.part$/;

export const newJournalId = () => randomBytes(6).toString('hex');
export const journalPath = (folder: string, id: string) => join(folder, `journal-${id}.jsonl`);

/** The journals that another run left in a folder; its unfinished Parquet files are removed. */
export async function leftJournals(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  for (const name of names.filter((n) => PART.test(n))) await rm(join(folder, name), { force: true });
  return names.flatMap((name) => JOURNAL.exec(name)?.[1] ?? []);
}

/**
 * Turns a journal that nobody writes any more into a Parquet file, and removes it. May be repeated after whatever stopped it: the
 * name of the file tells the journal, so that a journal whose file is there is only removed.
 */
export async function convertJournal(folder: string, id: string, context: SinkContext): Promise<void> {
  const journal = journalPath(folder, id);
  const done = (await readdir(folder)).some((name) => name.endsWith(`-${id}.parquet`));
  if (!done) {
    // The last line may be torn: this cuts it off.
    await (await createJsonl({ path: journal }, context)).close();
    const part = join(folder, `journal-${id}.part`);
    try {
      const content = await writeParquet(journal, part, id);
      if (content.damaged > 0) await keepDamaged(journal, content.damaged, context);
      if (content.rows > 0) {
        const name = `appearances-${compact(content.fromMs)}-${compact(content.toMs)}-${id}.parquet`;
        await rename(part, join(folder, name));
        await syncFolder(folder);
        context.telemetry.emit({ type: 'info', message: `${join(folder, name)}: ${content.rows} rows` });
      }
    } finally {
      // It may have taken the last space, which the next journal needs.
      await rm(part, { force: true });
    }
  }
  await rm(journal, { force: true });
  // Else a power failure might bring it back when the file has been fetched.
  await syncFolder(folder);
}

/** Makes new, renamed and removed names last. Windows has no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface Content {
  rows: number;
  /** Lines that are no events. */
  damaged: number;
  /** The first start and the last end, milliseconds since 1970. */
  fromMs: number;
  toMs: number;
}

/** A revision is one row, however often the journal has it. */
async function writeParquet(journal: string, path: string, id: string): Promise<Content> {
  const content: Content = { rows: 0, damaged: 0, fromMs: Infinity, toMs: -Infinity };
  const seen = new Set<string>();
  const file = await open(path, 'w', 0o644);
  try {
    const parquet = new ParquetWriter({
      writer: new FileWriter(file),
      schema: SCHEMA,
      createdBy: 'logowatch',
      kvMetadata: [{ key: 'logowatch.journal', value: id }],
    });
    let group: Appearance[] = [];
    const flush = async () => {
      if (group.length > 0) await parquet.write({ columnData: columnsOf(group), rowGroupSize: ROW_GROUP });
      content.rows += group.length;
      group = [];
    };
    for await (const line of linesOf(journal)) {
      const event = eventOf(line);
      if (event === undefined) {
        content.damaged++;
        continue;
      }
      const key = `${event.id}/${event.revision}`;
      if (seen.has(key)) continue;
      seen.add(key);
      content.fromMs = Math.min(content.fromMs, Date.parse(event.startTime));
      content.toMs = Math.max(content.toMs, Date.parse(event.endTime));
      if (group.push(event) === ROW_GROUP) await flush();
    }
    await flush();
    await parquet.finish();
    await file.sync();
  } finally {
    await file.close();
  }
  return content;
}

/** Hands what is encoded to a file after each row group. */
class FileWriter extends ByteWriter {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    super();
    this.#file = file;
  }

  async flush(): Promise<void> {
    await this.#file.appendFile(this.getBytes());
    this.index = 0;
  }

  override finish(): Promise<void> {
    return this.flush();
  }
}

/** Not node:readline, which takes U+2028 for the end of a line. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const buffer = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = buffer.indexOf(0x0a); end >= 0; end = buffer.indexOf(0x0a, start)) {
      yield buffer.toString('utf8', start, end);
      start = end + 1;
    }
    rest = buffer.subarray(start);
  }
  if (rest.length > 0) yield rest.toString();
}

function eventOf(line: string): Appearance | undefined {
  try {
    const event = JSON.parse(line) as Appearance;
    return misfit(event) === undefined ? event : undefined;
  } catch {
    return undefined;
  }
}

async function keepDamaged(journal: string, lines: number, { telemetry }: SinkContext): Promise<void> {
  await copyFile(journal, `${journal}.damaged`);
  const message = `${journal} has ${lines} lines that are no events: kept as ${journal}.damaged`;
  telemetry.emit({ type: 'warning', message });
}

/** 20260102T030405Z, UTC. */
const compact = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
