import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

export interface PgliteRequest {
  readonly id: number;
  /** Undefined: close. */
  readonly text?: string;
  readonly values?: readonly unknown[];
}

export interface PgliteAnswer {
  /** -1: the database is open, or cannot be opened. */
  readonly id: number;
  readonly rows?: readonly unknown[];
  readonly changed?: number;
  readonly error?: { readonly message: string; readonly code: string | undefined };
}

// A query keeps the processor until it is done: here it holds up nobody's frames.
const port = parentPort!;
const answer = (message: PgliteAnswer) => port.postMessage(message);

function failure(id: number, error: unknown): void {
  const { message, code } = error as { message?: string; code?: unknown };
  answer({
    id,
    error: { message: message ?? String(error), code: typeof code === 'string' ? code : undefined },
  });
}

try {
  const database = await PGlite.create(workerData as string);
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: PgliteRequest) => {
    last = last.then(() => serve(database, request));
  });
  answer({ id: -1 });
} catch (error) {
  failure(-1, error);
}

async function serve(database: PGlite, { id, text, values }: PgliteRequest): Promise<void> {
  try {
    if (text === undefined) {
      await database.close();
      answer({ id });
      port.close();
      return;
    }
    const { rows, affectedRows } = await database.query(text, [...(values ?? [])]);
    answer({ id, rows, changed: affectedRows ?? 0 });
  } catch (error) {
    failure(id, error);
  }
}
