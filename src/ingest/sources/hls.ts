import { LogowatchError } from '../../core/errors.js';
import { redact } from '../../core/redact.js';
import { stdinInput } from '../ffmpeg/concat.js';
import { type FetchedPlaylist, fetchPlaylist } from '../hls/fetch.js';
import {
  absolute,
  chooseVariant,
  type MediaPlaylist,
  parsePlaylist,
  playlistAddresses,
} from '../hls/playlist.js';
import { checkAddresses } from '../hls/policy.js';
import { ProgramClock } from '../hls/program-clock.js';
import type { SourceSpec } from '../source.js';
import { type PreparedInput, type Protocol, requireProtocol } from './protocol.js';

const PROTOCOLS = ['http', 'https', 'tcp', 'tls', 'crypto', 'data'];
const FETCH_TIMEOUT_MS = 10_000;

interface Media extends FetchedPlaylist {
  readonly playlist: MediaPlaylist;
}

/**
 * HLS over http and https. We read the playlist before ffmpeg does: for its programme date-time, to refuse hostile
 * entries, to choose the variant, and because its status code is the only clear word on a wrong password.
 */
export function hls(spec: SourceSpec): Protocol {
  let wasLive = false;
  return {
    live: spec.live ?? true,
    prepare: async (binary, signal) => {
      requireProtocol(binary, new URL(spec.url).protocol.slice(0, -1));
      const media = await openMedia(spec, signal);
      const live = spec.live ?? !media.playlist.endlist;
      if (wasLive && media.playlist.endlist) throw streamOver(spec);
      wasLive ||= live;
      return prepared(media, live);
    },
  };
}

async function openMedia(spec: SourceSpec, signal: AbortSignal): Promise<Media> {
  const timeoutMs = spec.connectTimeoutMs ?? FETCH_TIMEOUT_MS;
  let fetched = await fetchPlaylist(spec.url, timeoutMs, signal);
  let playlist = parsePlaylist(fetched.text, fetched.url);
  checkAddresses(fetched.url, playlistAddresses(playlist, fetched.url));
  if ('variants' in playlist) {
    const variant = chooseVariant(playlist, spec.width ?? 640);
    if (!variant) throw noStream(fetched.url);
    fetched = await fetchPlaylist(
      withUser(absolute(variant.uri, fetched.url), fetched.url),
      timeoutMs,
      signal,
    );
    playlist = parsePlaylist(fetched.text, fetched.url);
    checkAddresses(fetched.url, playlistAddresses(playlist, fetched.url));
    if ('variants' in playlist) throw noStream(fetched.url);
  }
  return { ...fetched, playlist };
}

function prepared(media: Media, live: boolean): PreparedInput {
  const refetch = (signal: AbortSignal) => fetchPlaylist(media.url, FETCH_TIMEOUT_MS, signal);
  const clock = new ProgramClock(media.playlist, media.url, refetch);
  return { input: stdinInput(media.url, PROTOCOLS), live, clock, release: () => clock.close() };
}

/** User info goes on to the same host only. */
function withUser(to: string, from: string): string {
  const target = new URL(to);
  const origin = new URL(from);
  if (target.host === origin.host && target.username === '') {
    target.username = origin.username;
    target.password = origin.password;
  }
  return target.href;
}

function noStream(url: string): LogowatchError {
  return new LogowatchError('source-not-video', 'The playlist names no stream', { value: redact(url) });
}

/** Played on, a live stream that has ended would come again from its start. */
function streamOver(spec: SourceSpec): LogowatchError {
  return new LogowatchError('source-ended', 'The live stream has ended', { value: redact(spec.url) });
}
