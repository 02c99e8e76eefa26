import type { types } from 'hls-parser';
import * as HLS from 'hls-parser';
import { LogowatchError } from '../../core/errors.js';
import { redact } from '../../core/redact.js';

export type MediaPlaylist = types.MediaPlaylist;

/**
 * Throws `source-not-video` for what is no playlist, and `source-failed` for one that does not parse: packagers that
 * write it in place serve halves of it now and then, which the next try mends.
 */
export function parsePlaylist(text: string, url: string): types.MasterPlaylist | types.MediaPlaylist {
  const body = text.trimStart();
  if (body !== '' && !'#EXTM3U'.startsWith(body.slice(0, 7))) {
    throw new LogowatchError('source-not-video', 'The answer is no HLS playlist', {
      value: redact(url),
      remedy: 'Name the .m3u8 of a stream',
    });
  }
  try {
    if (!body.startsWith('#EXTM3U')) throw new Error('the first line is not whole');
    const playlist = HLS.parse(body);
    return playlist.isMasterPlaylist ? (playlist as types.MasterPlaylist) : (playlist as types.MediaPlaylist);
  } catch (cause) {
    throw new LogowatchError('source-failed', 'The HLS playlist cannot be read', {
      value: redact(url),
      cause,
    });
  }
}

/** The smallest picture that is not smaller than the frames we want: decoding is what costs. */
export function chooseVariant(playlist: types.MasterPlaylist, width: number): types.Variant | undefined {
  const variants = playlist.variants.filter((variant) => !variant.isIFrameOnly);
  const pixels = (variant: types.Variant) => variant.resolution?.width ?? 0;
  const enough = variants.filter((variant) => pixels(variant) >= width);
  const byWidth = (a: types.Variant, b: types.Variant) => pixels(a) - pixels(b) || a.bandwidth - b.bandwidth;
  return enough.length > 0 ? enough.sort(byWidth)[0] : variants.sort(byWidth).at(-1);
}

/** Every address that a playlist makes its reader open, as absolute URLs. */
export function playlistAddresses(
  playlist: types.MasterPlaylist | types.MediaPlaylist,
  base: string,
): string[] {
  const uris: (string | undefined)[] = [];
  if (playlist.isMasterPlaylist) {
    for (const variant of (playlist as types.MasterPlaylist).variants) {
      uris.push(variant.uri);
      for (const rendition of [...variant.audio, ...variant.video]) uris.push(rendition.uri);
    }
  } else {
    for (const segment of (playlist as types.MediaPlaylist).segments) {
      uris.push(segment.uri, segment.key?.uri, segment.map?.uri);
    }
  }
  return [...new Set(uris.filter((uri) => uri !== undefined))].map((uri) => absolute(uri, base));
}

/** Programme date-time of each segment, ms since the epoch; carried on by durations where the tag is missing. */
export function segmentTimes(playlist: types.MediaPlaylist, base: string): Map<string, number> {
  const times = new Map<string, number>();
  let next: number | undefined;
  for (const segment of playlist.segments) {
    if (segment.programDateTime) next = segment.programDateTime.getTime();
    else if (segment.discontinuity) next = undefined;
    if (next === undefined) continue;
    times.set(addressKey(absolute(segment.uri, base)), next);
    next += segment.duration * 1000;
  }
  return times;
}

export function absolute(uri: string, base: string): string {
  // `subfile,,start,0,...:path` is a protocol to ffmpeg, and a relative path to everybody else.
  if (/^[^/?#:]*[^/?#:a-z0-9+.-][^/?#:]*:/i.test(uri)) return uri;
  return URL.canParse(uri, base) ? new URL(uri, base).href : uri;
}

/** The same for one address with and without user info and fragment. */
export function addressKey(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname}${search}`;
}
