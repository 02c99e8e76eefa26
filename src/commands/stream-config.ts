import { isDeepStrictEqual } from 'node:util';
import { type Config, parseStream } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { hasLiteralSecret, redact } from '../core/redact.js';
import { isAddress } from '../ingest/open.js';
import type { SourceSpec } from '../ingest/source.js';
import type { StreamEntry, StreamText } from '../streams/entry.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { sourceSpec } from './watch-config.js';

/**
 * What a stream of the directory means on this node: `${NAME}` filled in, with the defaults of the config as it is now. Whoever
 * may add streams is not thereby given files and secrets of the node: only addresses, and only names that the config lists.
 */
export function resolveEntry({ stream, owner }: StreamEntry, config: Config): SourceSpec {
  if (owner !== null) return sourceSpec(parseStream(stream), config);
  const allowed = config.ops?.streamSecrets ?? [];
  const named = [...JSON.stringify(stream).matchAll(/\$\{([^{}]*)\}/g)].map(([, name = '']) => name);
  const refused = named.find((name) => !allowed.includes(name));
  if (refused !== undefined)
    throw new LogowatchError('config-invalid', 'A stream that the API added may not use this name', {
      value: refused,
      remedy: 'List it under ops.streamSecrets on all ingest nodes',
    });
  const resolved = parseStream({ ...config.defaults, ...stream });
  if (!isAddress(resolved.url))
    throw new LogowatchError('config-invalid', 'The API adds addresses, not files', {
      value: redact(resolved.url),
      remedy: 'Use rtsp, rtsps, http, https, rtmp, rtmps, srt or udp',
    });
  return sourceSpec(resolved, config);
}

/** The streams of a config that go to the cluster; files are read where they are. Errors: config-invalid. */
export function sharedTexts(
  config: Config,
  texts: readonly StreamText[] | undefined,
): StreamText[] | undefined {
  const shared = texts?.filter((_, i) => isAddress(config.streams[i]?.url ?? ''));
  const open = shared?.find(({ url }) => hasLiteralSecret(url));
  if (open === undefined) return shared;
  throw new LogowatchError(
    'config-invalid',
    `Stream ${open.id} has a password in its URL, and would be passed on in clear`,
    {
      value: redact(open.url),
      remedy: 'Put it into the environment of every ingest node and write ${NAME} instead',
    },
  );
}

/** Says which sections of a changed file wait for a restart. */
export function warnOfOthers(before: Config, after: Config, telemetry: Telemetry): void {
  const keys = Object.keys({ ...before, ...after }) as (keyof Config)[];
  const others = keys.filter(
    (key) => key !== 'streams' && key !== 'defaults' && !isDeepStrictEqual(before[key], after[key]),
  );
  if (others.length === 0) return;
  const message = `Only streams and defaults are read again; a restart is needed for ${others.join(', ')}`;
  telemetry.emit({ type: 'warning', message });
}
