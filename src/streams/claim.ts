import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { StreamDirectory } from './directory.js';
import type { StreamEntry, StreamText } from './entry.js';

export interface Claim {
  readonly put: readonly StreamEntry[];
  /** Ids that this config named before and names no longer. */
  readonly remove: readonly string[];
  /** Ids that another config, or the API, has named as well: this config has them from now on. */
  readonly taken: readonly string[];
}

/**
 * What has to change so that the directory says what a config says: its streams are there, those that it named before are
 * gone, those of others stay. A pause outlives it.
 */
export function claimOf(
  entries: ReadonlyMap<string, StreamEntry>,
  owner: string,
  streams: readonly StreamText[],
): Claim {
  const named = new Set(streams.map(({ id }) => id));
  const changed = streams.filter(({ id }) => {
    const known = entries.get(id);
    return (
      known?.owner !== owner ||
      !isDeepStrictEqual(
        known.stream,
        streams.find((s) => s.id === id),
      )
    );
  });
  const put = changed.map((stream) => {
    const paused = entries.get(stream.id)?.paused ?? false;
    return { stream, owner, paused, revision: randomUUID() };
  });
  const remove = [...entries.values()].filter((e) => e.owner === owner && !named.has(e.stream.id));
  const taken = changed.filter(({ id }) => entries.has(id) && entries.get(id)?.owner !== owner);
  return { put, remove: remove.map((e) => e.stream.id), taken: taken.map(({ id }) => id) };
}

/** Writes what a config says. Returns what was changed. */
export async function claimStreams(
  directory: StreamDirectory,
  owner: string,
  streams: readonly StreamText[],
): Promise<Claim> {
  const claim = claimOf(directory.entries(), owner, streams);
  await Promise.all([
    ...claim.put.map((entry) => directory.put(entry)),
    ...claim.remove.map((id) => directory.remove(id)),
  ]);
  return claim;
}
