import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errnoCode, LogowatchError } from '../../core/errors.js';
import type { SourceSpec } from '../source.js';
import type { PreparedInput, Protocol } from './protocol.js';

/** Formats whose PTS come from an index: a long step there is a long picture, no jump of a clock. */
const INDEXED = /\.(?:mp4|m4v|mov|mkv|webm|avi|gif)$/i;

/** Any file that ffmpeg reads, without loss; or at its own pace as if it were live. */
export function file(spec: SourceSpec): Protocol {
  const live = spec.live ?? false;
  return { live, prepare: () => prepare(spec, live) };
}

async function prepare(spec: SourceSpec, live: boolean): Promise<PreparedInput> {
  const path = filePath(spec.url);
  const { size, mtimeMs } = await statFile(path);
  if (size === 0) {
    throw new LogowatchError('source-not-video', 'The file is empty', {
      value: path,
      remedy: 'Name a file that holds a video',
    });
  }
  const startMs = spec.startTimeMs ?? mtimeMs;
  return {
    // The whitelist keeps a playlist that is given as a file from reaching into the network.
    input: { options: ['-protocol_whitelist', 'file,crypto', ...(live ? ['-re'] : [])], url: `file:${path}` },
    live,
    endIsFinal: true,
    ...(live ? {} : { clock: { clock: 'file', wallTimeMs: (us) => Math.round(startMs + us / 1000) } }),
    ...(INDEXED.test(path) && { forwardUsMax: Number.POSITIVE_INFINITY }),
  };
}

/** The path that a `file:` URL or a plain path means. */
export function filePath(url: string): string {
  return /^file:\/\//i.test(url) ? fileURLToPath(url) : resolve(url.replace(/^file:/i, ''));
}

async function statFile(path: string): Promise<{ size: number; mtimeMs: number }> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found;
  } catch (error) {
    const code = errnoCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new LogowatchError('source-failed', 'The file cannot be read', { value: path, cause: error });
    }
    throw new LogowatchError('source-not-found', 'There is no such file', {
      value: path,
      remedy: 'Correct the path',
      cause: error,
    });
  }
  throw new LogowatchError('source-not-video', 'This is neither a file nor a folder of images', {
    value: path,
  });
}
