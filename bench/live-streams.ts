import { type LiveRtsp, liveRtsp } from '../src/demo/live-rtsp.js';
import { type Watched, watchRun } from './watched.js';

export interface LiveOptions {
  readonly ffmpegPath: string;
  readonly file: string;
  readonly model: string;
  readonly streams: number;
  readonly seconds: number;
  readonly fps: number;
  readonly keyframesOnly?: boolean;
}

export interface LiveResult {
  readonly options: Omit<LiveOptions, 'ffmpegPath' | 'file' | 'model'>;
  readonly watched: Omit<Watched, 'events' | 'arrivals'>;
  /** Processors that the servers took, publishers not counted. */
  readonly serverProcessors: number;
}

/** Publishers side by side; more streams than that share them, as several players of one channel would. */
const PUBLISHERS_MAX = 8;

/** A file published by RTSP at its own pace (copied, not encoded again), watched as so many live streams by one process. */
export async function liveStreams(options: LiveOptions): Promise<LiveResult> {
  const { ffmpegPath, file, model, streams, seconds, fps, keyframesOnly = false } = options;
  const lives: LiveRtsp[] = [];
  try {
    for (let i = 0; i < Math.min(streams, PUBLISHERS_MAX); i++)
      lives.push(await liveRtsp({ ffmpegPath, file }));
    const before = process.cpuUsage();
    const {
      events: _,
      arrivals: __,
      ...watched
    } = await watchRun({
      model,
      seconds,
      streams: Array.from({ length: streams }, (_, i) => {
        const { url } = lives[i % lives.length]!;
        return { streamId: String(i), url, fps, keyframesOnly };
      }),
    });
    const cpu = process.cpuUsage(before);
    return {
      options: { streams, seconds, fps, keyframesOnly },
      watched,
      serverProcessors: (cpu.user + cpu.system) / 1e6 / watched.wallSeconds,
    };
  } finally {
    await Promise.all(lives.map((live) => live.close()));
  }
}
