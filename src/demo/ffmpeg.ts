import { type ChildProcess, spawn } from 'node:child_process';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { redact } from '../core/redact.js';

const STDERR_MAX = 2000;
const KILL_AFTER_MS = 2000;

/** An ffmpeg of the demo's own: it makes what is watched, and is none of the watched program. */
export interface FfmpegChild {
  readonly child: ChildProcess;
  /** Resolves when it has exited well; rejects with what it said. Never rejects after `stop`. */
  readonly done: Promise<void>;
  /** SIGTERM, later SIGKILL; resolves when it is reaped. */
  stop(): Promise<void>;
}

export function startFfmpeg(ffmpegPath: string, args: readonly string[]): FfmpegChild {
  const child = spawn(ffmpegPath, ['-hide_banner', '-nostats', '-loglevel', 'error', ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  let stopped = false;
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + String(chunk)).slice(-STDERR_MAX);
  });
  // A child that leaves early breaks the pipe; `done` says why it left.
  child.stdin.on('error', () => undefined);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) => {
      process.off('exit', killAtExit);
      reject(
        new LogowatchError('ffmpeg-not-found', 'ffmpeg cannot be started', {
          value: `${ffmpegPath}: ${errnoCode(cause) ?? cause.message}`,
          remedy: 'Install ffmpeg, or run npm install again for the one that npm brings',
          cause,
        }),
      );
    });
    child.once('close', (code, signal) => {
      process.off('exit', killAtExit);
      if (code === 0 || stopped) resolve();
      else reject(failed(signal ?? `exit code ${code}`, stderr));
    });
  });
  done.catch(() => undefined);
  const stop = async () => {
    stopped = true;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    await done.catch(() => undefined);
    clearTimeout(timer);
  };
  return { child, done, stop };
}

function failed(how: string, stderr: string): LogowatchError {
  if (/No space left on device/.test(stderr))
    return new LogowatchError('disk-full', 'ffmpeg has no space left to write to', {
      value: how,
      remedy: 'Free some space: a minute of the demo takes about 25 MB',
    });
  return new LogowatchError('ffmpeg-unsupported', `ffmpeg failed (${how})`, {
    value: redact(stderr.trim().split('\n').slice(-3).join(' | ')),
    remedy: 'It must have libx264 and HLS; the one that npm brings has both',
  });
}
