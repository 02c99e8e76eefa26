import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { FfmpegBinary } from '../../src/ingest/ffmpeg/locate.js';

export interface Publisher {
  readonly pid: number;
  readonly running: boolean;
  /** Kills by pid and waits until it is reaped. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface PublishOptions {
  readonly ffmpeg: FfmpegBinary;
  /** Default: a moving test picture, 320x240 at 25 frames/s. */
  readonly file?: string;
  readonly fps?: number;
  /** Frames from one keyframe to the next. */
  readonly gop?: number;
}

/** Publishes by RTSP over TCP until it is killed. */
export function publishRtsp(url: string, options: PublishOptions): Publisher {
  return start([...encoded(options), '-f', 'rtsp', '-rtsp_transport', 'tcp', url], options);
}

/** Writes live HLS with programme date-times into a folder: `live.m3u8`, segments of 1 s. */
export function publishHls(folder: string, options: PublishOptions & { listSize?: number }): Publisher {
  const args = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', String(options.listSize ?? 6)];
  args.push('-hls_flags', 'delete_segments+program_date_time+omit_endlist+append_list');
  return start([...encoded(options), ...args, join(folder, 'live.m3u8')], options);
}

/** Sends to whatever ffmpeg can write by itself: `output` is the format, its options and the URL. */
export function publishTo(output: readonly string[], options: PublishOptions): Publisher {
  return start([...encoded(options), ...output], options);
}

function encoded({ file, fps = 25, gop = 25 }: PublishOptions): string[] {
  const input = file
    ? ['-re', '-stream_loop', '-1', '-i', file]
    : ['-re', '-f', 'lavfi', '-i', `testsrc2=size=320x240:rate=${fps}`];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'];
  return [...input, '-an', ...codec, '-g', String(gop), '-threads', '1'];
}

function start(args: string[], { ffmpeg }: PublishOptions): Publisher {
  const child = spawn(ffmpeg.path, ['-nostdin', '-loglevel', 'error', '-y', ...args], { stdio: 'ignore' });
  const closed = new Promise((resolve) => child.once('close', resolve));
  return {
    pid: child.pid!,
    get running() {
      return isRunning(child);
    },
    kill: async (signal = 'SIGKILL') => {
      if (isRunning(child)) child.kill(signal);
      await closed;
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
