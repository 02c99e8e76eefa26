import { stat } from 'node:fs/promises';
import type { LastRevisions } from '../exposure/facts.js';
import { openStore } from '../store/open.js';
import type { Selection } from '../store/store.js';
import { existingStore, isDatabaseUrl } from './store-option.js';

/** True for a postgres:// address and for a folder. */
export async function isStore(where: string): Promise<boolean> {
  return isDatabaseUrl(where) || ((await stat(where).catch(() => undefined))?.isDirectory() ?? false);
}

/** What a store holds, instead of a file of events. */
export async function readStore(
  where: string,
  into: LastRevisions,
  selection: Selection = {},
): Promise<void> {
  const store = await openStore(await existingStore(where, undefined));
  try {
    for await (const batch of store.facts(selection)) for (const facts of batch) into.add(facts);
  } finally {
    await store.close();
  }
}
