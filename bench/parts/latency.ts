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
    const watched = await watchRun({
      model,
      streams: [{ streamId: 'clip', url: '', fps: FPS }],
      publish: { ffmpegPath: ffmpeg.path, file },
      seconds: seconds + 1,
    });
    const onsets = onsetsOf(watched, truth.spans);
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
            `${onsets.length} of ${truth.spans.length} logos had an event that begins within ${TOLERANCE_S} s of them. The clock is the publisher’s, told by the frame that arrived soonest for its media time. ` +
            `Sampling alone delays by ${1000 / FPS / 2} ms on average.`,
        ],
      },
      raw: {
        onsets,
        truth: truth.spans,
        found: watched.events
          .filter(({ event }) => event.state === 'started')
          .map(({ event: { label, startPtsMs, endPtsMs } }) => ({ label, startPtsMs, endPtsMs })),
        stats,
      },
    };
  },
};

interface Span {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** The watcher is ready before the first frame is published, so that media time is the broadcast's. */
function onsetsOf({ events, arrivals, publishedAtMs = 0 }: Watched, spans: readonly Span[]): Onset[] {
  // A publisher starts its clock before its first packet is seen: no frame arrives before it was published.
  const paceMs = Math.min(publishedAtMs, ...arrivals.map(({ pts, atMs }) => atMs - 1000 * pts));
  return spans.flatMap(({ label, start, end }) => {
    const first = events.find(
      ({ event }) =>
        event.label === label &&
        event.state === 'started' &&
        Math.abs(event.startPtsMs / 1000 - start) <= TOLERANCE_S,
    );
    const seen = arrivals.find(({ pts }) => pts >= start && pts < end);
    if (first === undefined || seen === undefined) return [];
    const shownAtMs = paceMs + 1000 * start;
    return [
      {
        label,
        seenMs: seen.atMs - shownAtMs,
        eventMs: first.atMs - shownAtMs,
        evidenceMs: first.event.endPtsMs - 1000 * start,
      },
    ];
  });
}
