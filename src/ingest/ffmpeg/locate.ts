import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { LogowatchError } from '../../core/errors.js';
import { type ProbedFfmpeg, probeFfmpeg } from './probe.js';

export interface FfmpegBinary extends ProbedFfmpeg {
  readonly path: string;
  readonly origin: 'configured' | 'system' | 'npm';
}

/** libavformat of ffmpeg 5.1: an older system ffmpeg gains nothing over the one from npm. */
const SYSTEM_MINIMUM = [59, 27] as const;

/**
 * The configured path and nothing else, if there is one; else a system ffmpeg >= 5.1; else the one from npm.
 * Rejects with `ffmpeg-not-found`, or `ffmpeg-unsupported` where the configured program is no ffmpeg.
 */
export async function locateFfmpeg(configured?: string): Promise<FfmpegBinary> {
  if (configured !== undefined) {
    return { path: configured, origin: 'configured', ...(await probeFfmpeg(configured)) };
  }
  const [first] = await availableFfmpegs();
  if (first) return first;
  throw new LogowatchError('ffmpeg-not-found', 'No ffmpeg was found', {
    remedy: 'Run npm ci again (it brings one), install ffmpeg 5.1 or later, or set its path',
  });
}

/** All usable ones in the order of preference. */
export async function availableFfmpegs(): Promise<FfmpegBinary[]> {
  const found: FfmpegBinary[] = [];
  const system = systemPath();
  if (system) {
    const probed = await probeFfmpeg(system).catch(() => undefined);
    if (probed && atLeast(probed.capabilities.libavformat, SYSTEM_MINIMUM)) {
      found.push({ path: system, origin: 'system', ...probed });
    }
  }
  const npm = npmPath();
  if (npm) {
    const probed = await probeFfmpeg(npm).catch(() => undefined);
    if (probed) found.push({ path: npm, origin: 'npm', ...probed });
  }
  return found;
}

function atLeast(version: readonly [number, number], minimum: readonly [number, number]): boolean {
  return version[0] > minimum[0] || (version[0] === minimum[0] && version[1] >= minimum[1]);
}

function systemPath(): string | undefined {
  const name = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function npmPath(): string | undefined {
  try {
    return (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;
  } catch {
    // It throws on a platform it has no binary for.
    return undefined;
  }
}
