import { type LiveResult, liveStreams } from '../live-streams.js';
import { fixed, median, type Outcome, type Part, type Section, type Table } from '../part.js';

const CASES = [
  { streams: 1, fps: 5 },
  { streams: 6, fps: 5 },
  { streams: 16, fps: 2 },
  { streams: 60, fps: 2, keyframesOnly: true },
] as const;

const MIB = 2 ** 20;

/** Live streams side by side: frame age, what gave way, processors and memory, as streams are added. */
export const live: Part = {
  name: 'live',
  title: 'Live streams side by side, and memory a stream',
  async run({ quick, clips, ffmpeg, model, say }): Promise<Outcome> {
    const seconds = quick ? 20 : 40;
    const { file: clip } = await clips.hd(quick ? 30 : 60);
    // Long enough for the watcher to start as well.
    const file = await clips.looped(clip, 3);
    const results: LiveResult[] = [];
    for (const options of CASES) {
      say(`  ${options.streams} streams`);
      results.push(await liveStreams({ ...options, ffmpegPath: ffmpeg.path, file, model, seconds }));
    }
    return { section: sectionOf(results, seconds), raw: results };
  },
};

export function sectionOf(results: readonly LiveResult[], seconds: number): Section {
  return {
    tables: [ageTable(results), memoryTable(results)],
    notes: [
      `720p25 H.264 at 3.8 Mb/s by RTSP for ${seconds} s, all watched by one process; publishers and server ran on the same processors and the server took the share named. ` +
        'The limit is a frame age of 1 s at p95, and nothing dropped: what the machine cannot do is dropped, oldest first, so that coverage gives way before age does. ' +
        'Age is counted from a frame’s arrival to the end of its detection; the medians and the worst are over the streams. Opening all streams at once is part of it.',
      'Memory a stream is what each further stream added to the process, and one ffmpeg.',
    ],
  };
}

const mode = ({ options: { streams, fps, keyframesOnly } }: LiveResult): string =>
  `${streams} at ${keyframesOnly ? 'keyframes (one in 2 s)' : `${fps} frames/s`}`;

function ageTable(results: readonly LiveResult[]): Table {
  return {
    head: [
      'streams',
      'frames sampled',
      'looked at',
      'age p50, ms',
      'age p95, ms',
      'worst p95 / limit 1 s',
      'processors',
      'server',
    ],
    rows: results.map((r) => {
      const { stats, runCpuSeconds, wallSeconds, startSeconds, frames } = r.watched;
      const sampled = stats.reduce((sum, s) => sum + s.sampled, 0);
      const p50 = stats.flatMap((s) => s.ageP50Ms ?? []);
      const p95 = stats.flatMap((s) => s.ageP95Ms ?? []);
      return [
        mode(r),
        sampled,
        `${((100 * frames) / sampled).toFixed(0)} %`,
        fixed(median(p50), 0),
        fixed(median(p95), 0),
        fixed(Math.max(...p95) / 1000, 2),
        fixed(runCpuSeconds / (wallSeconds - startSeconds), 2),
        fixed(r.serverProcessors, 2),
      ];
    }),
  };
}

function memoryTable(results: readonly LiveResult[]): Table {
  const one = results[0]!;
  return {
    head: ['streams', 'process, MiB', 'for each stream beyond the first', 'one ffmpeg, MiB'],
    rows: results.map((r) => {
      const { streams } = r.options;
      const { residentBytes, ffmpegBytes } = r.watched;
      const more = streams - one.options.streams;
      return [
        mode(r),
        fixed(residentBytes / MIB, 0),
        more === 0 ? '-' : fixed((residentBytes - one.watched.residentBytes) / MIB / more),
        fixed(ffmpegBytes / MIB / streams, 0),
      ];
    }),
  };
}
