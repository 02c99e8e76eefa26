import { liveRtsp } from '../../src/demo/live-rtsp.js';
import { SMOOTHING_DEFAULTS } from '../../src/infer/smooth/parameters.js';
import { fixed, type Outcome, type Part, quantile } from '../part.js';
import { type Watched, watchRun } from '../watched.js';

const FPS = 5;
/** An appearance belongs to a truth that it begins this close to, seconds. */
const TOLERANCE_S = 1;

interface Onset {
  readonly label: string;
  /** Since the logo's first frame was published, ms: its first sampled frame was here; the first event was out. */
  readonly seenMs: number;
  readonly eventMs: number;
  /** The same in media time alone: what the onset test wanted to see. */
  readonly evidenceMs: number;
}

/** From a logo's first frame, as it is published, to the first event about it. */
export const latency: Part = {
  name: 'latency',
  title: 'End-to-end latency of a live stream',
  async run({ quick, clips, ffmpeg, model }): Promise<Outcome> {
    const seconds = quick ? 60 : 120;
    const { file, truth } = await clips.small(seconds);
    const live = await liveRtsp({ ffmpegPath: ffmpeg.path, file });
    let watched: Watched;
    try {
      const streams = [{ streamId: 'clip', url: live.url, fps: FPS }];
      watched = await watchRun({ model, streams, seconds: seconds + 1 });
    } finally {
      await live.close();
    }
    const onsets = onsetsOf(watched, truth.spans, live.startedAtMs);
    const [stats] = watched.stats;
    const at = (q: number, of: (o: Onset) => number) => fixed(quantile(onsets.map(of), q), 0);
    const row = (name: string, of: (o: Onset) => number) => [name, at(0.5, of), at(0.95, of)];
    return {
      section: {
        tables: [
          {
            head: ['ms since the logo’s first frame was published', 'p50', 'p95'],
            rows: [
              row('limit: its first sampled frame comes out of ffmpeg', (o) => o.seenMs),
              row('the first event about it is out', (o) => o.eventMs),
              row('of it media time that the onset test wanted to see', (o) => o.evidenceMs),
              [
                'frame age: arrival to the end of detection',
                fixed(stats?.ageP50Ms, 0),
                fixed(stats?.ageP95Ms, 0),
              ],
            ],
          },
        ],
        notes: [
          `A generated broadcast with known truth, ${seconds} s of 640x360, published by RTSP at its own pace on the same machine and watched at ${FPS} frames a second: ` +
            `${onsets.length} of ${truth.spans.length} logos had an event that began within ${TOLERANCE_S} s of them (or had begun before the stream was joined). ` +
            `Sampling alone delays by ${1000 / FPS / 2} ms on average.`,
        ],
      },
      raw: { onsets, truth: truth.spans.length, stats, smoothing: SMOOTHING_DEFAULTS },
    };
  },
};

interface Span {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** Media time of a session begins when it was joined: the broadcast's is told by when its frames arrived. */
function onsetsOf({ events, arrivals }: Watched, spans: readonly Span[], startedAtMs: number): Onset[] {
  const joined = joinedAt(arrivals, startedAtMs);
  return spans.flatMap(({ label, start, end }) => {
    const first = events.find(
      ({ event }) =>
        event.label === label &&
        event.state === 'started' &&
        Math.abs(event.startPtsMs / 1000 + joined - start) <= TOLERANCE_S,
    );
    const seen = arrivals.find(({ pts }) => pts + joined >= start && pts + joined < end);
    if (first === undefined || seen === undefined || start <= joined) return [];
    const shownAtMs = startedAtMs + 1000 * start;
    return [
      {
        label,
        seenMs: seen.atMs - shownAtMs,
        eventMs: first.atMs - shownAtMs,
        evidenceMs: first.event.endPtsMs + 1000 * (joined - start),
      },
    ];
  });
}

/** Broadcast time of the session's first frame, seconds: a live frame cannot arrive before it was published. */
function joinedAt(arrivals: Watched['arrivals'], startedAtMs: number): number {
  const lag = Math.min(...arrivals.map(({ pts, atMs }) => atMs - startedAtMs - 1000 * pts)) / 1000;
  // Keyframes come every two seconds, and players start with one.
  return Math.max(0, 2 * Math.floor((lag + 0.001) / 2));
}
