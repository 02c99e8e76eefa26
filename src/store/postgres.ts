import pg from 'pg';
import { redact } from '../core/redact.js';
import { type Database, inTransaction, type Queries, type Result } from './database.js';
import { StoreError, storeError } from './errors.js';

export interface PostgresOptions {
  /** postgres://user:password@host:port/database?sslmode=... */
  readonly url: string;
  /** Connections at once; default 4. */
  readonly connections?: number | undefined;
  /** A statement may take so long, on the server; default 30 s. */
  readonly statementTimeoutMs?: number | undefined;
}

const CONNECTIONS_DEFAULT = 4;
const STATEMENT_TIMEOUT_MS_DEFAULT = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** A server that is gone without a word is given up so long after it should have given up the statement itself. */
const ANSWER_GRACE_MS = 5_000;

/** A pool of connections, made when they are needed: one that breaks is replaced with the next query. */
export function openPostgres(options: PostgresOptions): Database {
  const location = redact(options.url);
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS_DEFAULT;
  let pool: pg.Pool;
  try {
    pool = new pg.Pool({
      connectionString: options.url,
      application_name: 'logowatch',
      max: options.connections ?? CONNECTIONS_DEFAULT,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      keepAlive: true,
    });
  } catch (cause) {
    throw new StoreError('store-refused', 'This is no address of a PostgreSQL', {
      value: location,
      remedy: 'Write postgres://user:${NAME}@host:5432/database',
      cause,
    });
  }
  // A connection that breaks while nobody uses it: the pool has thrown it away, and the next query gets a new one.
  pool.on('error', () => undefined);
  return new Postgres(pool, location);
}

class Postgres implements Database {
  readonly location: string;
  readonly #pool: pg.Pool;
  #closed: Promise<void> | undefined;

  constructor(pool: pg.Pool, location: string) {
    this.#pool = pool;
    this.location = location;
  }

  query<Row>(text: string, values?: readonly unknown[]): Promise<Result<Row>> {
    return this.#connected((queries) => queries.query<Row>(text, values));
  }

  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#connected((queries) => inTransaction(queries, work));
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #connected<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    if (this.#closed !== undefined)
      throw new StoreError('store-failed', 'The store is closed', { value: this.location });
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw storeError(error, this.location);
    }
    const onError = () => undefined;
    client.on('error', onError);
    const queries: Queries = {
      query: async <Row>(text: string, values: readonly unknown[] = []) => {
        const { rows, rowCount } = await client.query(text, [...values]);
        return { rows: rows as Row[], changed: rowCount ?? 0 };
      },
    };
    let failed: Error | undefined;
    try {
      return await work(queries);
    } catch (error) {
      failed = error as Error;
      throw storeError(error, this.location);
    } finally {
      client.off('error', onError);
      // After an error nobody knows what state a connection is in.
      client.release(failed);
    }
  }
}
