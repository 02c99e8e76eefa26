export interface Result<Row> {
  readonly rows: readonly Row[];
  /** Rows that a statement has changed. */
  readonly changed: number;
}

export interface Queries {
  /** @param values for $1, $2, ... */
  query<Row = unknown>(text: string, values?: readonly unknown[]): Promise<Result<Row>>;
}

/** The work between BEGIN and COMMIT on one connection; rolled back where it throws. */
export async function inTransaction<T>(queries: Queries, work: (queries: Queries) => Promise<T>): Promise<T> {
  await queries.query('BEGIN');
  try {
    const result = await work(queries);
    await queries.query('COMMIT');
    return result;
  } catch (error) {
    await queries.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** A PostgreSQL, on a server or embedded. Throws StoreError. */
export interface Database extends Queries {
  /** Without secrets. */
  readonly location: string;
  /** On one connection; committed when `work` resolves, else rolled back. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
