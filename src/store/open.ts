import { homedir } from 'node:os';
import { join } from 'node:path';
import { migrate } from './migrations.js';
import { openPglite } from './pglite.js';
import { openPostgres, type PostgresOptions } from './postgres.js';
import { SqlStore } from './sql-store.js';
import type { Store } from './store.js';

export interface StoreOptions extends Omit<PostgresOptions, 'url'> {
  /** postgres://...; left out: the embedded database. */
  readonly url?: string | undefined;
  /** Folder of the embedded database; default: $XDG_DATA_HOME/logowatch/store. */
  readonly path?: string | undefined;
}

/**
 * Opens a store and brings its tables to this program's version. An embedded one that this process has open already is shared,
 * and closed with its last user. Throws StoreError.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, path, ...rest } = options;
  const database =
    url === undefined ? await openPglite(path ?? defaultFolder()) : openPostgres({ ...rest, url });
  try {
    await migrate(database);
    return new SqlStore(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** As the XDG base directory specification has it. */
export function defaultFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'logowatch', 'store');
}

/** A store's options from what a person typed: an address or a folder. */
export function storeOptionsOf(location: string): StoreOptions {
  return /^postgres(?:ql)?:\/\//i.test(location) ? { url: location } : { path: location };
}
