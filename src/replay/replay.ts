import type { Outgoing, Topic } from '../bus/bus.js';
import type { TimeRange } from '../bus/kafka/range.js';
import type { TopicReader } from '../bus/kafka/topic-reader.js';
import { topics } from '../bus/topics.js';
import type { Appearance } from '../core/appearance.js';
import type { DetectionRecord } from '../core/detection.js';
import { LogowatchError } from '../core/errors.js';
import type { FrameRecord } from '../core/frame.js';
import { type ExposureDifference, exposureDifference } from '../exposure/difference.js';
import { clipToMedia, type ExposureFacts, LastRevisions } from '../exposure/facts.js';
import { type ExposureReport, exposureReport } from '../exposure/report.js';
import type { Detector } from '../infer/detector.js';
import type { SmoothingParameters } from '../infer/smooth/parameters.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { Course } from './course.js';
import type { ReplayOutput } from './output.js';
import { ReplayedSessions } from './sessions.js';

/** Records of the range that are read together. */
const FRAMES_MAX = 16;
const RECORDS_MAX = 256;
/** Live appearances of the range are looked for this long behind it: the last revision follows what it tells of. */
const SETTLE_MS = 3_600_000;
const OTHERS_MAX = 20;

export interface ReplayOptions {
  readonly reader: TopicReader;
  readonly range: TimeRange;
  /** Left out: all streams. */
  readonly streams?: ReadonlySet<string> | undefined;
  /** Frames go through it; without it the range's detections are taken as they are. */
  readonly detector?: Detector | undefined;
  readonly parameters: Partial<SmoothingParameters>;
  /** The other side: what was live, or the same detections through these settings. */
  readonly against: 'live' | Partial<SmoothingParameters>;
  readonly outputs: readonly ReplayOutput[];
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: 'replay' | 'live', done: number, total: number) => void;
}

export interface ReplayResult {
  readonly records: number;
  /** Messages of the range that nobody can read. */
  readonly rejected: number;
  readonly streams: readonly string[];
  /** The topic's oldest records are those that the range begins with: some may have been deleted. */
  readonly cut: boolean;
  /** Of the models whose detections were replayed. */
  readonly modelHashes: readonly string[];
  readonly before: ExposureReport;
  readonly after: ExposureReport;
  readonly difference: readonly ExposureDifference[];
}

/**
 * Plays what a topic holds of a range through the stages that run live, in process, and compares what comes of it with what was
 * live. Errors: range-empty, bus-failed, stopped, and those of the stages and outputs.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { detector, against, outputs, parameters, signal } = options;
  const [after, before] = [new LastRevisions(), new LastRevisions()];
  const main = new Course({ ...options, parameters, write: (events) => keep(events, after, outputs) });
  const other =
    against === 'live'
      ? undefined
      : new Course({
          ...options,
          detector: undefined,
          parameters: against,
          write: (events) => keep(events, before),
        });
  const played = await play(options, other === undefined ? [main] : [main, other]);
  if (other === undefined) await readLive(options, played.sessions, before);
  if (signal.aborted) throw stopped();
  const { sessions, ...counts } = played;
  const report = (side: LastRevisions) => exposureReport(within(side.appearances, sessions));
  const [reportBefore, reportAfter] = [report(before), report(after)];
  return {
    ...counts,
    streams: [...sessions.streams].sort(),
    modelHashes: detector === undefined ? played.modelHashes : [],
    before: reportBefore,
    after: reportAfter,
    difference: exposureDifference(reportBefore, reportAfter),
  };
}

async function keep(
  events: readonly Appearance[],
  into: LastRevisions,
  outputs: readonly ReplayOutput[] = [],
): Promise<void> {
  for (const event of events) into.add(event);
  for (const output of outputs) await output.write(events);
}

interface Played {
  readonly records: number;
  readonly rejected: number;
  readonly cut: boolean;
  readonly modelHashes: readonly string[];
  readonly sessions: ReplayedSessions;
}

async function play(options: ReplayOptions, courses: readonly Course[]): Promise<Played> {
  const { reader, detector, signal } = options;
  const failed = new AbortController();
  const topic: Topic<FrameRecord | DetectionRecord> =
    detector === undefined ? topics.detections : topics.frames;
  const feed = async (): Promise<Played> => {
    const range = await reader.range(topic, options.range);
    const sessions = new ReplayedSessions();
    const [modelHashes, others] = [new Set<string>(), new Set<string>()];
    let [records, rejected] = [0, 0];
    const send = (values: readonly (FrameRecord | DetectionRecord)[]): Promise<unknown> => {
      const output: Outgoing = { topic, records: values.map((value) => ({ key: value.streamId, value })) };
      return Promise.all(courses.map((course) => course.send(output)));
    };
    const batches = reader.read(topic, range, {
      recordsMax: detector === undefined ? RECORDS_MAX : FRAMES_MAX,
      wanted: (key) => isWanted(key, options.streams, others),
      signal: AbortSignal.any([signal, failed.signal]),
    });
    for await (const batch of batches) {
      for (const value of batch.values) {
        sessions.observe(value);
        if (value.kind === 'detections') modelHashes.add(value.modelHash);
      }
      records += batch.values.length;
      rejected += batch.rejected;
      await send(batch.values);
      options.onProgress('replay', batch.done, range.size);
    }
    options.onProgress('replay', range.size, range.size);
    if (signal.aborted || failed.signal.aborted) throw stopped();
    if (records === 0) throw empty(topic, options, others);
    await send(sessions.closings());
    await Promise.all(courses.map((course) => course.end()));
    return { records, rejected, cut: range.cut, modelHashes: [...modelHashes], sessions };
  };
  const guard = <T>(work: Promise<T>): Promise<T> =>
    work.catch(async (error: unknown) => {
      if (!failed.signal.aborted) failed.abort(error);
      await Promise.all(courses.map((course) => course.close()));
      throw error;
    });
  const stop = () => void Promise.all(courses.map((course) => course.close()));
  signal.addEventListener('abort', stop, { once: true });
  try {
    const work = [guard(feed()), ...courses.map((course) => guard(course.run()))] as const;
    const ended = await Promise.allSettled(work);
    if (signal.aborted) throw stopped();
    if (failed.signal.aborted) throw failed.signal.reason;
    return (ended[0] as PromiseFulfilledResult<Played>).value;
  } finally {
    signal.removeEventListener('abort', stop);
    await Promise.all(courses.map((course) => course.close()));
  }
}

function isWanted(key: string, streams: ReadonlySet<string> | undefined, others: Set<string>): boolean {
  if (streams === undefined || streams.has(key)) return true;
  if (others.size < OTHERS_MAX) others.add(key);
  return false;
}

/** Those of the sessions that were replayed, whenever they were published. */
async function readLive(
  { reader, range, signal, onProgress }: ReplayOptions,
  sessions: ReplayedSessions,
  into: LastRevisions,
): Promise<void> {
  const replayed = new Set(sessions.streams);
  const found = await reader.range(topics.appearances, {
    fromMs: range.fromMs,
    toMs: range.toMs + SETTLE_MS,
  });
  const wanted = (key: string) => replayed.has(key);
  for await (const { values, done } of reader.read(topics.appearances, found, {
    recordsMax: RECORDS_MAX,
    wanted,
    signal,
  })) {
    for (const event of values)
      if (sessions.windowOf(event.streamId, event.session) !== undefined) into.add(event);
    onProgress('live', done, found.size);
  }
}

/** Both sides are counted in the media time that both have. */
function within(appearances: readonly ExposureFacts[], sessions: ReplayedSessions): ExposureFacts[] {
  return appearances.flatMap((appearance) => {
    const window = sessions.windowOf(appearance.streamId, appearance.session);
    return (window && clipToMedia(appearance, window)) ?? [];
  });
}

const stopped = (): LogowatchError =>
  new LogowatchError('stopped', 'Stopped before the range was replayed', {
    remedy: 'What was written so far is not the whole of it',
  });

function empty(
  topic: Topic<unknown>,
  { streams, range }: ReplayOptions,
  others: Set<string>,
): LogowatchError {
  const time = (ms: number) => new Date(ms).toISOString();
  const of = streams === undefined ? '' : ` of ${[...streams].join(', ')}`;
  return new LogowatchError('range-empty', `There are no ${topic.name}${of} in the range`, {
    value: `${time(range.fromMs)} to ${time(range.toMs)}`,
    remedy:
      others.size > 0
        ? `Streams there: ${[...others].sort().join(', ')}`
        : 'Choose another range: frames are kept for 10 minutes, detections for 7 days, unless the topics say otherwise',
  });
}
