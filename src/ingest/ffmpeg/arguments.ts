import ffmpeg from 'fluent-ffmpeg';
import type { FfmpegCapabilities } from './probe.js';

/** What a protocol hands to ffmpeg. A URL that may hold a secret goes to stdin, never into the arguments. */
export interface FfmpegInput {
  readonly options: readonly string[];
  readonly url: string;
  /** Written to the child's stdin, which is then closed. */
  readonly stdin?: string;
}

export interface FrameFormat {
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly keyframesOnly: boolean;
}

/**
 * Arguments that sample frames, fit them into width x height on grey, and write them as rgb24 to stdout, with a
 * showinfo line each on stderr. fluent-ffmpeg only builds the list: it neither spawns nor logs.
 */
export function frameArguments(caps: FfmpegCapabilities, input: FfmpegInput, format: FrameFormat): string[] {
  const command = ffmpeg()
    .input(input.url)
    .inputOptions('-hide_banner', '-nostats', '-nostdin', '-loglevel', 'info')
    // -copyts shows PTS jumps, which ffmpeg would else paper over.
    .inputOptions('-copyts', '-threads', '1')
    .videoFilters(frameFilters(caps, format))
    .output('pipe:1')
    .outputOptions('-map', '0:v:0', '-an', '-sn', '-dn', '-threads', '1')
    .outputOptions(caps.fpsMode ? '-fps_mode' : '-vsync', 'passthrough')
    .outputOptions('-pix_fmt', 'rgb24', '-f', 'rawvideo');
  if (format.keyframesOnly) command.inputOptions('-skip_frame', 'nokey');
  if (input.options.length > 1) command.inputOptions(...input.options);
  return command._getArguments();
}

/** `select` rather than `fps`: that one would move PTS onto a grid and fill gaps with copies. */
function frameFilters(
  caps: FfmpegCapabilities,
  { fps, width: W, height: H }: FrameFormat,
): ffmpeg.AudioVideoFilter[] {
  const fit = { w: `max(1,round(min(${W},${H}*dar)))`, h: `max(1,round(min(${H},${W}/dar)))` };
  return [
    {
      filter: 'select',
      options: `'isnan(prev_selected_t)+gte(t-prev_selected_t,${samplingInterval(fps)})+lt(t,prev_selected_t)'`,
    },
    // `dar`, so that anamorphic video keeps its shape.
    { filter: 'scale', options: { ...fit } },
    { filter: 'format', options: 'rgb24' },
    // Before `pad`: its size is then the picture's within the frame.
    // Its checksums, which old builds cannot leave out, cost an eighth of decoding and scaling.
    { filter: 'showinfo', options: caps.fpsMode ? { checksum: 0 } : {} },
    { filter: 'pad', options: `${W}:${H}:(ow-iw)/2:(oh-ih)/2:color=0x7f7f7f` },
  ];
}

/** A hair under 1 / fps, so that rounded time stamps (1 ms in FLV and Matroska) do not cost every other frame. */
export function samplingInterval(fps: number): string {
  const interval = 1 / fps;
  return (interval - Math.min(interval / 4, Math.max(interval * 0.005, 0.0015))).toFixed(6);
}
