import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { startFfmpeg } from './ffmpeg.js';

export interface LiveHlsOptions {
  readonly ffmpegPath: string;
  /** H.264 with a keyframe every 2 s; it is not encoded again. */
  readonly file: string;
  readonly signal?: AbortSignal;
}

export interface LiveHls {
  /** The playlist: http://127.0.0.1:PORT/live.m3u8 */
  readonly url: string;
  /** Wall time of the file's first frame, by the playlist's programme date-time; ms since the epoch. */
  readonly startedAtMs: number;
  /**
   * Resolves when the whole file has been published: the playlist is closed by an end tag then, and still served.
   * Rejects when publishing failed.
   */
  readonly ended: Promise<void>;
  /** Stops publishing and serving, removes the files; resolves when all of it is gone. Safe to call twice. */
  close(): Promise<void>;
}

const PLAYLIST = 'live.m3u8';
const SEGMENT_S = 2;
const FIRST_SEGMENT_MS_MAX = 15_000;

/**
 * Publishes a file as a live stream at its own pace. Resolves when the first segment is listed; every segment stays
 * listed, so that a player which joins within the next two segments starts with the first one (players join three
 * segments before the live edge).
 */
export async function liveHls({ ffmpegPath, file, signal }: LiveHlsOptions): Promise<LiveHls> {
  const folder = await mkdtemp(join(tmpdir(), 'logowatch-live-'));
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const publisher = startFfmpeg(ffmpegPath, [
    ...['-re', '-i', file, '-an', '-c', 'copy'],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_list_size', '0'],
    ...['-hls_flags', 'program_date_time+temp_file+independent_segments'],
    ...['-hls_segment_filename', join(folder, 'segment%05d.ts'), join(folder, PLAYLIST)],
  ]); // biome-ignore format: options in groups
  const server = createServer((request, response) => void serve(folder, request, response));
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      signal?.removeEventListener('abort', onAbort);
      await publisher.stop();
      await stopServer(server);
      await rm(folder, { recursive: true, force: true });
      process.off('exit', removeAtExit);
    })();
    return closing;
  };
  const onAbort = () => void close();
  const waiting = new AbortController();
  try {
    signal?.throwIfAborted();
    signal?.addEventListener('abort', onAbort, { once: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const listed = firstSegment(join(folder, PLAYLIST), waiting.signal);
    const startedAtMs = await Promise.race([listed, publisher.done.then(() => listed)]);
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/${PLAYLIST}`, startedAtMs, ended: publisher.done, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    waiting.abort();
  }
}

/** Waits for the first listed segment; its programme date-time. */
async function firstSegment(playlist: string, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + FIRST_SEGMENT_MS_MAX;
  while (performance.now() < deadline) {
    const text = await readFile(playlist, 'utf8').catch((error: unknown) => {
      if (errnoCode(error) === 'ENOENT') return '';
      throw error;
    });
    const [, date] = /#EXT-X-PROGRAM-DATE-TIME:(\S+)/.exec(text) ?? [];
    if (date !== undefined && text.includes('.ts')) return parseDate(date);
    await sleep(50, undefined, { signal });
  }
  throw new LogowatchError('source-failed', 'The live stream did not start', {
    value: `no segment within ${FIRST_SEGMENT_MS_MAX / 1000} s`,
    remedy: 'Try again when the machine is less busy',
  });
}

/** ffmpeg writes the zone as +0000, which ISO 8601 as JavaScript reads it wants as +00:00. */
function parseDate(text: string): number {
  return Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
}

const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  ts: 'video/mp2t',
};

async function serve(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = /^\/([a-z0-9]+\.(m3u8|ts))(?:\?.*)?$/.exec(request.url ?? '');
  const type = TYPES[name?.[2] ?? ''];
  try {
    if (name?.[1] === undefined || type === undefined) throw new Error('no such name');
    const path = join(folder, name[1]);
    const body = await readFile(path);
    response.writeHead(200, {
      'content-type': type,
      'content-length': body.length,
      'cache-control': name[2] === 'm3u8' ? 'no-cache' : 'max-age=3600',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch {
    response.writeHead(404).end();
  }
}

function stopServer(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
