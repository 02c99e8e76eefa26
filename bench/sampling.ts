import type { FfmpegBinary } from '../src/ingest/ffmpeg/locate.js';

export const WIDTH = 640;
export const HEIGHT = 360;

/** Arguments of a bare ffmpeg that samples, scales and decodes a video as the product does, up to the output. */
export function sampling({ capabilities }: FfmpegBinary, video: string, fps: number): string[] {
  const select = `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${1 / fps - 0.001})'`;
  const sync = capabilities.fpsMode ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'];
  const filters = ['-an', '-vf', `${select},scale=${WIDTH}:${HEIGHT}`, ...sync, '-pix_fmt', 'rgb24'];
  return ['-v', 'error', '-nostdin', '-threads', '1', '-i', video, ...filters];
}
