import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from '../../core/child-environment.js';
import { errnoCode, LogowatchError } from '../../core/errors.js';

/** What differs between the builds of ffmpeg that are about, as far as we use it. */
export interface FfmpegCapabilities {
  /** libavformat's version: git builds have no other number that compares. */
  readonly libavformat: readonly [major: number, minor: number];
  /** `-fps_mode` (5.1 and later) in place of `-vsync`, which 9.0 has no more. */
  readonly fpsMode: boolean;
  /** RTSP's socket timeout is `-timeout` from 5.0, `-stimeout` before. */
  readonly rtspTimeoutOption: 'timeout' | 'stimeout';
  /** ffconcat scripts may carry demuxer options, from 5.0. */
  readonly concatOptions: boolean;
  readonly inputProtocols: ReadonlySet<string>;
  readonly libx264: boolean;
}

export interface ProbedFfmpeg {
  readonly version: string;
  readonly capabilities: FfmpegCapabilities;
}

const run = promisify(execFile);
const probed = new Map<string, Promise<ProbedFfmpeg>>();

/** Asks the binary once a process. Rejects with `ffmpeg-not-found` or `ffmpeg-unsupported`. */
export function probeFfmpeg(path: string): Promise<ProbedFfmpeg> {
  let answer = probed.get(path);
  if (!answer) {
    answer = probe(path);
    probed.set(path, answer);
    answer.catch(() => probed.delete(path));
  }
  return answer;
}

async function probe(path: string): Promise<ProbedFfmpeg> {
  const [version, help, protocols, encoders] = await Promise.all([
    ask(path, ['-version']),
    ask(path, ['-hide_banner', '-h', 'full']),
    ask(path, ['-hide_banner', '-protocols']),
    ask(path, ['-hide_banner', '-encoders']),
  ]);
  return {
    version: parseVersion(version),
    capabilities: parseCapabilities({ version, help, protocols, encoders }),
  };
}

async function ask(path: string, args: string[]): Promise<string> {
  try {
    const { stdout } = await run(path, args, {
      maxBuffer: 16 << 20,
      timeout: 20_000,
      killSignal: 'SIGKILL',
      env: childEnvironment(),
    });
    return stdout;
  } catch (error) {
    const code = errnoCode(error);
    if (code === 'ENOENT' || code === 'EACCES') {
      throw new LogowatchError('ffmpeg-not-found', 'There is no ffmpeg that can be run at this path', {
        value: path,
        remedy: 'Correct the path, or leave it out to use the ffmpeg that came with the program',
        cause: error,
      });
    }
    throw unsupported(path, error);
  }
}

function unsupported(path: string, cause?: unknown): LogowatchError {
  return new LogowatchError('ffmpeg-unsupported', 'This program does not answer as ffmpeg does', {
    value: path,
    remedy: 'Name an ffmpeg of version 4.1 or later',
    cause,
  });
}

export function parseVersion(output: string): string {
  return /^ffmpeg version (\S+)/m.exec(output)?.[1] ?? 'unknown';
}

export function parseCapabilities(output: {
  version: string;
  help: string;
  protocols: string;
  encoders: string;
}): FfmpegCapabilities {
  const lavf = /^libavformat\s+(\d+)\.\s*(\d+)\./m.exec(output.version);
  if (!lavf) throw unsupported(output.version.slice(0, 80));
  const major = Number(lavf[1]);
  const input = /Input:\s*([\s\S]*?)(?:Output:|$)/.exec(output.protocols)?.[1] ?? '';
  return {
    libavformat: [major, Number(lavf[2])],
    fpsMode: /^-fps_mode\b/m.test(output.help),
    rtspTimeoutOption: /^\s+-stimeout\b/m.test(output.help) ? 'stimeout' : 'timeout',
    concatOptions: major >= 59,
    inputProtocols: new Set(input.split(/\s+/).filter(Boolean)),
    libx264: /\slibx264\s/.test(output.encoders),
  };
}
