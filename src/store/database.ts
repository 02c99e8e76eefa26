export interface Result<Row> {
  readonly rows: readonly Row[];
  /** Rows that a statement has changed. */
  readonly changed: number;
}

export interface Queries {
  /** @param values for $1, $2, ... */
  query<Row = unknown>(text: string, values?: readonly unknown[]): Promise<Result<Row>>;
}

/** A PostgreSQL, on a server or embedded. Throws StoreError. */
export interface Database extends Queries {
  /** Without secrets. */
  readonly location: string;
  /** On one connection; committed when `work` resolves, else rolled back. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
