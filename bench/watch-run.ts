/**
 * The ordinary pipeline in a process of its own, for parts of the bench: `node dist/bench/watch-run.js JSON`. Prints what it
 * saw as JSON: a RunStats a stream, the events with the time at which they were out, memory, and what starting cost.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { MemoryBus } from '../src/bus/memory.js';
import { TappedBus } from '../src/bus/tapped.js';
import type { Appearance } from '../src/core/appearance.js';
import { liveRtsp } from '../src/demo/live-rtsp.js';
import { openDetector } from '../src/infer/workers/pool.js';
import type { SourceSpec } from '../src/ingest/source.js';
import { runPipeline } from '../src/pipeline.js';
import { type RunStats, StatsTelemetry } from '../src/telemetry/stats.js';
import { type InternalEvent, PinoTelemetry } from '../src/telemetry/telemetry.js';

export interface WatchRequest {
  readonly model: string;
  readonly streams: readonly SourceSpec[];
  readonly engine?: string;
  readonly threads?: number;
  /** Longest run, for live streams. */
  readonly seconds?: number;
  /** Published by RTSP once the detector is ready, and watched from its first frame on, in place of the streams' addresses. */
  readonly publish?: { readonly ffmpegPath: string; readonly file: string };
}

export interface WatchReport {
  readonly engine: string;
  readonly stats: readonly RunStats[];
  readonly events: readonly { readonly event: Appearance; readonly atMs: number }[];
  /** One a frame: media time, seconds, and arrival, ms since the epoch. */
  readonly arrivals: readonly { readonly stream: string; readonly pts: number; readonly atMs: number }[];
  /** From the start of the process until the detector was ready. */
  readonly startSeconds: number;
  readonly startCpuSeconds: number;
  /** Of `publish`: when the file's first packets were out, ms since the epoch. */
  readonly publishedAtMs?: number;
  /** Greatest sums seen, bytes: this process, and all its ffmpegs together. */
  readonly residentBytes: number;
  readonly ffmpegBytes: number;
}

const residentBytes = (pid: string): number =>
  Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

function childrenBytes(): number {
  let sum = 0;
  for (const task of readdirSync('/proc/self/task')) {
    const ids = readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean);
    for (const id of ids) {
      try {
        sum += residentBytes(id);
      } catch {
        // It has just ended.
      }
    }
  }
  return sum;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const request: WatchRequest = JSON.parse(process.argv[2] ?? '');
const detector = await openDetector(request.model, { engine: request.engine, threads: request.threads });
const startSeconds = performance.now() / 1000;
const startCpuSeconds = cpuSeconds();
const live = request.publish && (await liveRtsp(request.publish));
const log = new PinoTelemetry('warn');
const each = new Map(request.streams.map(({ streamId }) => [streamId, new StatsTelemetry(log)]));
const telemetry = {
  emit: (event: InternalEvent) => {
    if ('streamId' in event && event.streamId !== undefined) each.get(event.streamId)?.emit(event);
  },
};
const events: { event: Appearance; atMs: number }[] = [];
const arrivals: { stream: string; pts: number; atMs: number }[] = [];
let [resident, ffmpegs] = [0, 0];
const sampler = setInterval(() => {
  resident = Math.max(resident, residentBytes('self'));
  ffmpegs = Math.max(ffmpegs, childrenBytes());
}, 1000);
const { failures } = await runPipeline({
  streams: request.streams.map((stream) => ({ ...stream, ...(live && { url: live.url }) })),
  detector,
  bus: new TappedBus(new MemoryBus({ telemetry }), ({ frame }) => {
    arrivals.push({ stream: frame.streamId, pts: frame.ptsUs / 1e6, atMs: frame.arrivalMs });
  }),
  sinks: [
    {
      name: 'bench',
      write: async (batch) => {
        for (const event of batch) events.push({ event, atMs: Date.now() });
      },
      close: async () => undefined,
    },
  ],
  smoothing: {},
  telemetry,
  signal:
    request.seconds === undefined
      ? new AbortController().signal
      : AbortSignal.timeout(request.seconds * 1000),
});
clearInterval(sampler);
await live?.close();
await detector.close();
if (failures[0] !== undefined) throw failures[0].error;
const report: WatchReport = {
  engine: detector.model.engine,
  stats: [...each.values()].map((s) => s.stats),
  events,
  arrivals,
  startSeconds,
  startCpuSeconds,
  ...(live && { publishedAtMs: live.startedAtMs }),
  residentBytes: Math.max(resident, residentBytes('self')),
  ffmpegBytes: ffmpegs,
};
process.stdout.write(JSON.stringify(report));
