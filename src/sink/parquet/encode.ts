import { type FileHandle, open } from 'node:fs/promises';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Appearance } from '../../core/appearance.js';
import { linesOf } from '../../core/lines.js';
import { columnsOf, misfit, SCHEMA } from './columns.js';

/** Rows encoded at a time, and skipped at a time by readers of a time range. */
const ROW_GROUP = 5_000;

export interface EncodeTask {
  readonly journal: string;
  readonly path: string;
  /** Of the journal. */
  readonly id: string;
}

export interface Content {
  rows: number;
  /** Lines that are no events. */
  damaged: number;
  /** The first start and the last end, milliseconds since 1970. */
  fromMs: number;
  toMs: number;
}

/** Reads a journal into a Parquet file, synced. A revision is one row, however often the journal has it. */
export async function writeParquet({ journal, path, id }: EncodeTask): Promise<Content> {
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

function eventOf(line: string): Appearance | undefined {
  try {
    const event = JSON.parse(line) as Appearance;
    return misfit(event) === undefined ? event : undefined;
  } catch {
    return undefined;
  }
}
