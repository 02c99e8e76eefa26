import { type Config, loadConfig } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { isDatabaseUrl, type StoreOptions, storeOptionsOf } from '../store/open.js';
import { definedOnly } from './watch-config.js';

/** `watch --store [WHERE]`: a place goes before the config's, whose other settings stay. */
export function storeSectionOf(where: string | true | undefined, base: Config['store']): Config['store'] {
  if (where === undefined) return base;
  if (where === true) return base ?? {};
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(where) && !isDatabaseUrl(where))
    throw new LogowatchError('usage', 'A store is a folder or postgres://...', {
      value: where.replace(/:\/\/.*/, '://...'),
      remedy: 'Write --store after the sources, or --store=WHERE',
    });
  const { url: _, path: __, ...rest } = base ?? {};
  return { ...rest, ...definedOnly(storeOptionsOf(where)) };
}

/** A store that must be there: by its place, or the one that a config names. */
export async function existingStore(
  where: string | undefined,
  config: string | undefined,
): Promise<StoreOptions> {
  if (where !== undefined) return { ...storeOptionsOf(where), mustExist: true };
  if (config === undefined) return { mustExist: true };
  const { store } = await loadConfig(config);
  if (store === undefined)
    throw new LogowatchError('config-invalid', 'The config names no store', {
      value: config,
      remedy: 'Add store with url or path',
    });
  const { retentionDays: _, ...options } = store;
  return { ...options, mustExist: true };
}
