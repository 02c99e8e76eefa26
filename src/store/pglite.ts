import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { lockFolder } from '../core/folder-lock.js';
import { type Database, inTransaction, type Queries, type Result } from './database.js';
import { StoreError, storeError } from './errors.js';
import type { PgliteAnswer, PgliteRequest } from './pglite-worker.js';

interface Shared {
  readonly database: Promise<Embedded>;
  users: number;
}

/** A folder can be opened once: whoever opens it again in this process gets the same. */
const opened = new Map<string, Shared>();

/** A PostgreSQL inside of this process, its data in `folder`, which is made. Throws store-in-use where another process has it. */
export async function openPglite(folder: string): Promise<Database> {
  const path = await makeFolder(folder);
  let shared = opened.get(path);
  if (shared === undefined) {
    shared = { database: Embedded.open(path), users: 0 };
    opened.set(path, shared);
  }
  const mine = shared;
  mine.users++;
  const release = async () => {
    if (--mine.users > 0) return;
    if (opened.get(path) === mine) opened.delete(path);
    await (await mine.database).close();
  };
  try {
    return new OneOfMany(await mine.database, release);
  } catch (error) {
    if (opened.get(path) === mine) opened.delete(path);
    throw error;
  }
}

async function makeFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await realpath(folder);
  } catch (error) {
    throw storeError(error, folder);
  }
}

class OneOfMany implements Database {
  readonly location: string;
  readonly #database: Database;
  readonly #release: () => Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(database: Database, release: () => Promise<void>) {
    this.#database = database;
    this.location = database.location;
    this.#release = release;
  }

  async query<Row>(text: string, values?: readonly unknown[]): Promise<Result<Row>> {
    return this.#open().query<Row>(text, values);
  }

  async transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#open().transaction(work);
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  #open(): Database {
    if (this.#closed === undefined) return this.#database;
    throw new StoreError('store-failed', 'The store is closed', { value: this.location });
  }
}

/** The worker that has the database, and what it is asked, in order. */
class Embedded implements Database {
  readonly location: string;
  readonly #worker: Worker;
  readonly #unlock: () => Promise<void>;
  readonly #waiting = new Map<number, { resolve: (a: PgliteAnswer) => void; reject: (e: unknown) => void }>();
  /** One connection: a transaction has it alone. */
  #turn: Promise<unknown> = Promise.resolve();
  #next = 0;
  #dead: StoreError | undefined;

  private constructor(location: string, worker: Worker, unlock: () => Promise<void>) {
    this.location = location;
    this.#worker = worker;
    this.#unlock = unlock;
  }

  static async open(folder: string): Promise<Embedded> {
    const unlock = await lockFolder(folder).catch((error: unknown) => {
      throw storeError(error, folder);
    });
    if (unlock === undefined)
      throw new StoreError('store-in-use', 'Another process has this store open', {
        value: folder,
        remedy: 'Stop it, or use a PostgreSQL server (store.url), which takes many',
      });
    const worker = new Worker(new URL('./pglite-worker.js', import.meta.url), {
      workerData: join(folder, 'data'),
      // What this process was started with is not meant for it.
      execArgv: [],
    });
    const database = new Embedded(folder, worker, unlock);
    const ready = database.#answer(-1);
    worker.on('message', (answer: PgliteAnswer) => database.#take(answer));
    worker.on('error', (error) => database.#end(storeError(error, folder)));
    worker.on('exit', () =>
      database.#end(new StoreError('store-failed', 'The embedded database has ended', { value: folder })),
    );
    try {
      await ready;
      return database;
    } catch (error) {
      await worker.terminate();
      await unlock();
      throw storeError(error, folder);
    }
  }

  query<Row>(text: string, values?: readonly unknown[]): Promise<Result<Row>> {
    return this.#exclusively(() => this.#ask<Row>(text, values));
  }

  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const queries: Queries = { query: (text, values) => this.#ask(text, values) };
    return this.#exclusively(() => inTransaction(queries, work));
  }

  async close(): Promise<void> {
    await this.#exclusively(() => this.#send({ id: this.#next++ })).catch(() => undefined);
    await this.#worker.terminate();
    await this.#unlock();
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #ask<Row>(text: string, values: readonly unknown[] = []): Promise<Result<Row>> {
    const { rows, changed } = await this.#send({ id: this.#next++, text, values });
    return { rows: (rows ?? []) as Row[], changed: changed ?? 0 };
  }

  #send(request: PgliteRequest): Promise<PgliteAnswer> {
    const answer = this.#answer(request.id);
    if (this.#dead === undefined) this.#worker.postMessage(request);
    else this.#waiting.get(request.id)?.reject(this.#dead);
    return answer;
  }

  #answer(id: number): Promise<PgliteAnswer> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #take(answer: PgliteAnswer): void {
    const { id, error } = answer;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(answer);
    else
      waiting?.reject(
        storeError(Object.assign(new Error(error.message), { code: error.code }), this.location),
      );
  }

  #end(error: StoreError): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
