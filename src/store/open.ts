import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolder } from '../core/data-folder.js';
import { StoreError } from './errors.js';
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
  /** A folder that holds no store is an error, instead of a new store. */
  readonly mustExist?: boolean;
}

/**
 * Opens a store and brings its tables to this program's version. An embedded one that this process has open already is shared,
 * and closed with its last user. Throws StoreError.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, path = dataFolder('store'), mustExist = false, ...rest } = options;
  if (url === undefined && mustExist) await checkFolder(path);
  const database = url === undefined ? await openPglite(path) : openPostgres({ ...rest, url });
  try {
    await migrate(database);
    return new SqlStore(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function checkFolder(path: string): Promise<void> {
  const found = await access(join(path, 'data', 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (!found)
    throw new StoreError('store-refused', 'There is no store in this folder', {
      value: path,
      remedy: 'Name the folder of `watch --store FOLDER`, or postgres://...',
    });
}

export const isDatabaseUrl = (location: string): boolean => /^postgres(?:ql)?:\/\//i.test(location);

/** A store's options from what a person typed: an address or a folder. */
export function storeOptionsOf(location: string): StoreOptions {
  return isDatabaseUrl(location) ? { url: location } : { path: location };
}
