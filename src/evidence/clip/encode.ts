import { mkdir, readFile, rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { LogowatchError } from '../../core/errors.js';
import { availableFfmpegs, type FfmpegBinary, locateFfmpeg } from '../../ingest/ffmpeg/locate.js';
import { SupervisedProcess } from '../../ingest/ffmpeg/process.js';
import { opaqueName } from '../opaque-name.js';

/** A sampled picture and its media time. */
export interface ClipPicture {
  readonly ptsMs: number;
  readonly jpeg: Buffer;
}

export interface ClipJob {
  /** One at least, in order. */
  readonly pictures: readonly ClipPicture[];
  /** Pixels of the first; others are scaled to it. */
  readonly width: number;
  readonly height: number;
  readonly maxBytes: number;
}

export interface EncodedClip {
  readonly mp4: Buffer;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

export type ClipFailure = 'failed' | 'disk-full' | 'late' | 'size' | 'stop';

/** Why there is no clip, and what ffmpeg said of it. */
export class ClipError extends Error {
  readonly reason: ClipFailure;

  constructor(reason: ClipFailure, said = '') {
    super(said);
    this.reason = reason;
  }
}

/** Pictures in, H.264 in MP4 out. Errors: ClipError. */
export type EncodeClip = (job: ClipJob, signal: AbortSignal) => Promise<EncodedClip>;

const ENCODE_MS_MAX = 20_000;
/** Of the wanted size: headers, and what the rate control misses by. */
const FILLED = 0.85;
const FPS_MAX = 25;

/**
 * An encoder that writes for a moment to `staging`. Errors: ffmpeg-not-found, and ffmpeg-unsupported where none that may be used has
 * libx264, which browsers play wherever they are.
 */
export async function clipEncoder(staging: string, ffmpegPath?: string): Promise<EncodeClip> {
  const all = ffmpegPath === undefined ? await availableFfmpegs() : [await locateFfmpeg(ffmpegPath)];
  const binary = all.find((one) => one.capabilities.libx264);
  if (binary !== undefined) return (job, signal) => encode(binary, staging, job, signal);
  throw new LogowatchError('ffmpeg-unsupported', 'No ffmpeg that can make clips was found', {
    ...(ffmpegPath !== undefined && { value: ffmpegPath }),
    remedy: 'Use one with libx264, such as the one that npm brings, or leave out evidence.clip',
  });
}

async function encode(
  { path }: FfmpegBinary,
  staging: string,
  job: ClipJob,
  signal: AbortSignal,
): Promise<EncodedClip> {
  const folder = join(staging, opaqueName());
  const file = join(folder, 'clip.mp4');
  const fps = rateOf(job.pictures);
  const slots = slotsOf(job.pictures, fps);
  const [width, height] = [even(job.width), even(job.height)];
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const seconds = slots.length / fps;
    await runFfmpeg(path, encodeArguments({ fps, width, height, seconds, job, file }), slots, signal);
    const mp4 = await readFile(file);
    if (mp4.length > job.maxBytes) throw new ClipError('size');
    return { mp4, width, height, fps };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function runFfmpeg(
  path: string,
  args: readonly string[],
  stdin: Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw new ClipError('stop');
  const child = new SupervisedProcess(path, args, { stdin, onLine: () => undefined, graceMs: 500 });
  child.stdout.resume();
  yieldToOthers(child.pid);
  let late = false;
  const stop = () => void child.stop();
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, ENCODE_MS_MAX);
  signal.addEventListener('abort', stop, { once: true });
  const { code, signal: killedBy, spawnError } = await child.closed;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw new ClipError('stop');
  if (late) throw new ClipError('late');
  if (code === 0 && spawnError === undefined) return;
  const said = spawnError?.message ?? child.stderr.at(-1) ?? `${killedBy ?? code}`;
  const full = child.stderr.some((line) => line.includes('No space left on device'));
  throw new ClipError(full ? 'disk-full' : 'failed', said);
}

/** A clip can wait; the next frame cannot. */
function yieldToOthers(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It is over already, or the system does not let us.
  }
}

interface EncodeSettings {
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  readonly job: ClipJob;
  readonly file: string;
}

function encodeArguments({ fps, width, height, seconds, job, file }: EncodeSettings): string[] {
  const kilobits = Math.floor((job.maxBytes * 8 * FILLED) / seconds / 1000);
  return [
    ...['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'error', '-y'],
    ...['-f', 'image2pipe', '-framerate', `${fps}`, '-c:v', 'mjpeg', '-threads', '1', '-i', 'pipe:0'],
    // JPEG has the full range of values, video has not.
    ...[
      '-vf',
      `scale=${width}:${height}:in_range=pc:out_range=tv,format=yuv420p`,
      '-an',
      '-map_metadata',
      '-1',
    ],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '26', '-threads', '1'],
    ...['-maxrate', `${kilobits}k`, '-bufsize', `${kilobits}k`, '-g', `${Math.max(1, 2 * fps)}`],
    ...['-movflags', '+faststart', '-f', 'mp4', file],
  ];
}

/** Pictures a second, by the median of their distances. */
export function rateOf(pictures: readonly ClipPicture[]): number {
  const distances = pictures.slice(1).map(({ ptsMs }, i) => ptsMs - pictures[i]!.ptsMs);
  const median = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 1000;
  return Math.min(FPS_MAX, Math.max(1, Math.round(1000 / median)));
}

/** One picture for each tick of the clip, the newest that is due: where some are missing, the one before stays. */
export function slotsOf(pictures: readonly ClipPicture[], fps: number): Buffer[] {
  const tickMs = 1000 / fps;
  const startMs = pictures[0]!.ptsMs;
  const count = Math.round((pictures.at(-1)!.ptsMs - startMs) / tickMs) + 1;
  let next = 0;
  return Array.from({ length: count }, (_, i) => {
    const dueMs = startMs + (i + 0.5) * tickMs;
    while (next + 1 < pictures.length && pictures[next + 1]!.ptsMs < dueMs) next++;
    return pictures[next]!.jpeg;
  });
}

const even = (pixels: number): number => Math.max(2, pixels - (pixels % 2));
