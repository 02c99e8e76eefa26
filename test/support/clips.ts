import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { npmFfmpeg } from './ffmpegs.js';

const run = promisify(execFile);
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-threads', '1'];

/** Small clips of generated pictures in a folder of their own; `remove` it at the end. */
export class Clips {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Clips> {
    return new Clips(await mkdtemp(join(tmpdir(), 'logowatch-clips-')));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** 25 frames/s, a keyframe a second. */
  async plain(name = 'plain.mp4', seconds = 4, extra: string[] = []): Promise<string> {
    return this.#make(name, [
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=320x240:rate=25:duration=${seconds}`,
      ...H264,
      ...extra,
    ]);
  }

  async audioOnly(): Promise<string> {
    return this.#make('audio.m4a', ['-f', 'lavfi', '-i', 'sine=duration=2', '-c:a', 'aac']);
  }

  /** 25 frames/s in the first second, none in the next 1.5 s, then 5 frames/s. */
  async variableRate(): Promise<string> {
    const select = "select='lt(t,1)+gte(t,2.5)*not(mod(n,5))'";
    const input = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=4'];
    return this.#make('vfr.mp4', [...input, '-vf', select, '-vsync', 'vfr', ...H264]);
  }

  /** Pixels twice as wide as high: 160x240 that shows as 320x240. */
  async anamorphic(): Promise<string> {
    const input = ['-f', 'lavfi', '-i', 'testsrc2=size=160x240:rate=25:duration=1'];
    return this.#make('anamorphic.mp4', [...input, '-vf', 'setsar=2', ...H264]);
  }

  async onePixel(): Promise<string> {
    const input = ['-f', 'lavfi', '-i', 'testsrc2=size=16x16:rate=5:duration=1'];
    return this.#make('one.mkv', [
      ...input,
      '-vf',
      'format=gbrp,crop=1:1',
      '-c:v',
      'ffv1',
      '-pix_fmt',
      'bgr0',
    ]);
  }

  async eightK(): Promise<string> {
    const input = ['-f', 'lavfi', '-i', 'color=blue:size=7680x4320:rate=5:duration=0.6'];
    return this.#make('8k.mp4', [...input, ...H264]);
  }

  /** MPEG-TS of 2 s each whose PTS start at 10 s, 3,600 s and 100 s. */
  async ptsJumps(): Promise<string> {
    const whole = this.path('jumps.ts');
    await writeFile(whole, '');
    for (const offset of [10, 3600, 100]) {
      const part = await this.plain(`part${offset}.ts`, 2, [
        '-output_ts_offset',
        String(offset),
        '-muxdelay',
        '0',
      ]);
      await appendFile(whole, await readFile(part));
    }
    return whole;
  }

  /** The index first, then only the first part of the pictures. */
  async truncated(): Promise<string> {
    const path = await this.plain('truncated.mp4', 4, ['-movflags', 'faststart']);
    await truncate(path, Math.floor((await stat(path)).size * 0.6));
    return path;
  }

  /** The index was to come last, and did not. */
  async withoutIndex(): Promise<string> {
    const path = await this.plain('no-index.mp4');
    await truncate(path, Math.floor((await stat(path)).size * 0.5));
    return path;
  }

  /** One byte in a thousand changed, in a pattern that does not change from run to run. */
  async corrupt(): Promise<string> {
    const path = await this.plain('corrupt.ts', 4);
    const bytes = await readFile(path);
    for (let i = 997; i < bytes.length; i += 1009) bytes[i] = (bytes[i]! + 85) & 0xff;
    await writeFile(path, bytes);
    return path;
  }

  async empty(): Promise<string> {
    const file = await open(this.path('empty.mp4'), 'w');
    await file.close();
    return this.path('empty.mp4');
  }

  async text(): Promise<string> {
    await writeFile(this.path('notes.mp4'), 'This is no video.\n'.repeat(200));
    return this.path('notes.mp4');
  }

  async #make(name: string, args: string[]): Promise<string> {
    const path = this.path(name);
    const { path: ffmpeg } = await npmFfmpeg();
    await run(ffmpeg, ['-nostdin', '-loglevel', 'error', '-y', ...args, path], { timeout: 60_000 });
    return path;
  }
}
