import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HEIGHT, WIDTH } from './raster.js';

export interface Still {
  /** Seconds into the broadcast. */
  readonly time: number;
  readonly width: number;
  readonly height: number;
  /** rgb24 */
  readonly data: Uint8Array;
}

const run = promisify(execFile);
const STILL_MS_MAX = 20_000;

/** One frame of a broadcast. */
export async function still(ffmpegPath: string, file: string, time: number): Promise<Still> {
  const args = ['-v', 'error', '-ss', time.toFixed(3), '-i', file, '-frames:v', '1'];
  const output = ['-s', `${WIDTH}x${HEIGHT}`, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const options = { encoding: 'buffer', maxBuffer: 2 * WIDTH * HEIGHT * 3, timeout: STILL_MS_MAX } as const;
  const { stdout } = await run(ffmpegPath, [...args, ...output], options);
  return { time, width: WIDTH, height: HEIGHT, data: stdout.subarray(0, WIDTH * HEIGHT * 3) };
}

/** Times worth a picture: the middle of up to `count` appearances, first one of each brand. */
export function stillTimes(
  rows: readonly {
    readonly truth: { readonly label: string; readonly start: number; readonly end: number };
  }[],
  count: number,
): number[] {
  const firsts = rows.filter((r, i) => rows.findIndex((o) => o.truth.label === r.truth.label) === i);
  const middles = firsts.map(({ truth }) => (truth.start + truth.end) / 2);
  // Two brands on screen together share a picture.
  return middles.filter((t, i) => middles.findIndex((o) => Math.abs(o - t) < 1) === i).slice(0, count);
}
