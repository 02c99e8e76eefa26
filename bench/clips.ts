import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '../src/core/root.js';
import { composeBroadcast } from '../src/demo/compose.js';
import type { BroadcastTruth } from '../src/demo/truth.js';
import { measure } from './measure.js';

export interface Clip {
  readonly file: string;
  readonly truth: BroadcastTruth;
}

const SEED = 5;

/** Generated broadcasts with known truth, kept in .cache/bench from run to run: a seed gives the same one. */
export class Clips {
  readonly #ffmpeg: string;
  readonly #folder = join(repoRoot(), '.cache', 'bench');

  constructor(ffmpeg: string) {
    this.#ffmpeg = ffmpeg;
  }

  /** 640x360 at 25 frames/s, H.264, 1.5 Mb/s. */
  async small(seconds: number): Promise<Clip> {
    await mkdir(this.#folder, { recursive: true });
    const file = join(this.#folder, `small-${SEED}-${seconds}.mp4`);
    const truthFile = file.replace(/mp4$/, 'json');
    if (!existsSync(truthFile)) {
      const output = file.replace(/mp4$/, 'partial.mp4');
      const { truth } = await composeBroadcast({ ffmpegPath: this.#ffmpeg, seed: SEED, seconds, output });
      await rename(output, file);
      await writeFile(truthFile, JSON.stringify(truth));
    }
    return { file, truth: JSON.parse(await readFile(truthFile, 'utf8')) };
  }

  /** The same at 1280x720, 3.8 Mb/s, a keyframe every 2 s, with noise, so that it is as hard to code as what cameras see. */
  async hd(seconds: number): Promise<Clip> {
    const small = await this.small(seconds);
    const file = join(this.#folder, `hd-${SEED}-${seconds}.mp4`);
    if (!existsSync(file)) {
      const partial = file.replace(/mp4$/, 'partial.mp4');
      const filters = ['-vf', 'scale=1280:720,noise=all_seed=1:alls=12:allf=t', '-an', '-pix_fmt', 'yuv420p'];
      const rate = ['-b:v', '3.8M', '-maxrate', '3.8M', '-bufsize', '3.8M'];
      const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '50', '-sc_threshold', '0', ...rate];
      const input = ['-v', 'error', '-nostdin', '-i', small.file];
      await measure(this.#ffmpeg, [...input, ...filters, ...codec, '-y', partial]);
      await rename(partial, file);
    }
    return { file, truth: small.truth };
  }

  /** A clip so many times in a row: few frames are sampled of it, and the first ones cost more. */
  async looped(file: string, times: number): Promise<string> {
    if (times === 1) return file;
    const path = file.replace(/\.mp4$/, `-x${times}.mp4`);
    if (!existsSync(path)) {
      const partial = path.replace(/mp4$/, 'partial.mp4');
      const input = ['-v', 'error', '-nostdin', '-stream_loop', String(times - 1), '-i', file];
      await measure(this.#ffmpeg, [...input, '-c', 'copy', '-y', partial]);
      await rename(partial, path);
    }
    return path;
  }
}
