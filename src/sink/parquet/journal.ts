import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SinkContext } from '../context.js';
import { createJsonl } from '../sinks/jsonl.js';
import type { Content, EncodeTask } from './encode.js';
import type { EncodeAnswer } from './encode-worker.js';

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
      const content = await encode({ journal, path: part, id });
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

/** In a thread of its own: encoding keeps the processor for a good part of a second at a time. */
async function encode(task: EncodeTask): Promise<Content> {
  const worker = new Worker(new URL('./encode-worker.js', import.meta.url), {
    workerData: task,
    // What this process was started with is not meant for it.
    execArgv: [],
  });
  // An error that the thread did not answer with, such as too little memory, rejects.
  const [answer] = (await once(worker, 'message')) as [EncodeAnswer];
  await worker.terminate();
  if ('content' in answer) return answer.content;
  throw Object.assign(new Error(answer.message), { code: answer.code });
}

async function keepDamaged(journal: string, lines: number, { telemetry }: SinkContext): Promise<void> {
  await copyFile(journal, `${journal}.damaged`);
  const message = `${journal} has ${lines} lines that are no events: kept as ${journal}.damaged`;
  telemetry.emit({ type: 'warning', message });
}

/** 20260102T030405Z, UTC. */
const compact = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
