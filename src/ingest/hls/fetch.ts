import { LogowatchError } from '../../core/errors.js';
import { redact } from '../../core/redact.js';
import { isInner } from './policy.js';

const PLAYLIST_BYTES_MAX = 8 << 20;
const REDIRECTS_MAX = 5;

export interface FetchedPlaylist {
  /** After redirects, with the user info of the first URL while the host is the same. */
  readonly url: string;
  readonly text: string;
}

/**
 * Reads a playlist with the URL's own user info as Basic auth. Redirects are followed to http and https only, and
 * never from an outer host to an inner one; credentials are not carried to another host.
 * Rejects with `source-unauthorized`, `source-not-found`, `source-unreachable`, `source-refused` or `source-failed`.
 */
export async function fetchPlaylist(
  address: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<FetchedPlaylist> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let url = new URL(address);
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const response = await request(url, deadline, signal);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) {
      checkStatus(response.status, url);
      return { url: url.href, text: await bodyText(response, url) };
    }
    await response.body?.cancel();
    url = redirected(url, location);
  }
  throw new LogowatchError('source-failed', 'The playlist is redirected without end', {
    value: redact(address),
  });
}

async function request(url: URL, deadline: AbortSignal, stop: AbortSignal): Promise<Response> {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const headers: Record<string, string> = { 'user-agent': 'logowatch' };
  if (url.username !== '' || url.password !== '') {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(user).toString('base64')}`;
  }
  try {
    return await fetch(bare, { headers, redirect: 'manual', signal: deadline });
  } catch (error) {
    stop.throwIfAborted();
    throw new LogowatchError('source-unreachable', 'The playlist cannot be fetched', {
      value: redact(url.href),
      remedy: 'Correct the host and the port, or start the server',
      cause: error,
    });
  }
}

function checkStatus(status: number, url: URL): void {
  if (status >= 200 && status < 300) return;
  const value = redact(url.href);
  if (status === 401 || status === 403) {
    throw new LogowatchError('source-unauthorized', `The server refuses these credentials (${status})`, {
      value,
      remedy: 'Correct the user name and the password; it is not tried again',
    });
  }
  if (status === 404 || status === 410) {
    throw new LogowatchError('source-not-found', `The server does not have this stream (${status})`, {
      value,
      remedy: 'Correct the path, or start the publisher',
    });
  }
  throw new LogowatchError('source-unreachable', `The server answers ${status}`, { value });
}

async function bodyText(response: Response, url: URL): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.length;
      // A playlist is small: this is a video, or a trap.
      if (size > PLAYLIST_BYTES_MAX) break;
    }
  } catch (error) {
    throw new LogowatchError('source-unreachable', 'The playlist breaks off', {
      value: redact(url.href),
      cause: error,
    });
  }
  return Buffer.concat(chunks).toString('utf8');
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!to || !/^https?:$/.test(to.protocol) || (!isInner(from.hostname) && isInner(to.hostname))) {
    throw new LogowatchError(
      'source-refused',
      'The playlist is redirected to an address that is not allowed',
      {
        value: redact(location.slice(0, 200)),
        remedy: 'Do not play it: it may be hostile. It is not tried again',
      },
    );
  }
  if (to.host === from.host && to.username === '') {
    to.username = from.username;
    to.password = from.password;
  }
  return to;
}
