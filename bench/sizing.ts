/**
 * What one stream costs each stage over Kafka, for docs/sizing.md: `node dist/bench/sizing.js [FILE] [FPS]`. Starts a broker
 * (Java and Maven), has a file go through ingest, infer and sink as processes of their own, each after the other, and tells
 * processor time, memory and bytes on each topic, a frame. Without FILE: a minute of generated 720p25 at 3.8 Mb/s.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { repoRoot } from '../src/core/root.js';
import { composeBroadcast } from '../src/demo/compose.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { TestBroker } from '../test/support/kafka.js';
import { freePort } from '../test/support/ports.js';
import { measure, measureCli, table } from './measure.js';

const [file, fps = '5'] = process.argv.slice(2);
const SECONDS = 60;
const LIMIT_MS = 300_000;
const MB = 1e6;
/** A session's opening and its end are records as well. */
const FACTS = 2;
const folder = mkdtempSync(join(tmpdir(), 'logowatch-sizing-'));
const path = (name: string): string => join(folder, name);

async function clip720(): Promise<string> {
  const { path: ffmpeg } = await locateFfmpeg();
  await composeBroadcast({ ffmpegPath: ffmpeg, seed: 5, seconds: SECONDS, output: path('small.mp4') });
  // Noise makes it as hard to code as what cameras see.
  const filters = 'fps=25,scale=1280:720,noise=alls=12:allf=t';
  const rate = ['-b:v', '3.8M', '-maxrate', '3.8M', '-bufsize', '3.8M'];
  const input = ['-v', 'error', '-nostdin', '-i', path('small.mp4'), '-vf', filters, '-an'];
  await measure(ffmpeg, [
    ...input,
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-g',
    '50',
    ...rate,
    path('clip.mp4'),
  ]);
  return path('clip.mp4');
}

interface Cost {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** A stage that runs until `done`, from when it is ready; its start is not counted. */
async function runUntil(stage: string, config: string, done: (metrics: string) => boolean): Promise<Cost> {
  const port = await freePort('tcp');
  const args = [join(repoRoot(), 'dist', 'src', 'cli.js'), stage, '-c', config];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, OPS_PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const ask = (what: string) =>
    fetch(`http://127.0.0.1:${port}${what}`).then(
      (r) => (r.ok ? r.text() : ''),
      () => '',
    );
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + LIMIT_MS;
    while (!(await holds())) {
      if (performance.now() > deadline || child.exitCode !== null)
        throw new Error(`${stage} does not get there`);
      await sleep(100);
    }
  };
  try {
    await until(async () => (await ask('/readyz')) !== '');
    const before = cpuSeconds(child.pid!);
    await until(async () => done(await ask('/metrics')));
    const peak = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
    return { cpuSeconds: cpuSeconds(child.pid!) - before, residentBytes: Number(peak?.[1]) * 1024 };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** User and system time so far; /proc counts hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function records(address: string, topic: string): Promise<number> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.reduce((sum, { offset }) => sum + Number(offset), 0);
}

/** Of a series as it is written, labels included; 0 where it is not there. */
const value = (metrics: string, series: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );

const broker = await TestBroker.start();
try {
  const video = file ?? (await clip720());
  const config = path('config.yaml');
  writeFileSync(
    config,
    [
      `model: ${join(repoRoot(), 'models', 'demo')}`,
      'threads: 1',
      'ops: { port: "${OPS_PORT}" }',
      `bus: { kafka: { brokers: ["${broker.address}"], partitions: 1 } }`,
      `streams: [{ id: clip, url: "${video}", fps: ${fps} }]`,
      `sinks: [{ type: jsonl, path: "${path('events.jsonl')}" }]`,
    ].join('\n'),
  );
  process.env.OPS_PORT = '0';
  const ingest = await measureCli('ingest', '-c', config);
  const frames = (await records(broker.address, 'logowatch.frames')) - FACTS;
  const infer = await runUntil(
    'infer',
    config,
    (m) =>
      value(m, 'logowatch_frames_inferred_total{stream="clip"}') >= frames &&
      value(m, 'logowatch_bus_records_committed_total{group="smooth"}') >= frames,
  );
  const sink = await runUntil(
    'sink',
    config,
    (m) =>
      value(m, 'logowatch_sink_events_total{sink="jsonl"}') > 0 &&
      value(m, 'logowatch_bus_lag_seconds{group="sink-jsonl"}') === 0,
  );
  const seconds = frames / Number(fps);
  const bytes = (topic: string): string => (broker.bytes(`logowatch.${topic}`) / frames).toFixed(0);
  const ingestPeak = Math.max(...ingest.rss.map((r) => r.bytes));
  const row = (name: string, cpu: number, memory: number): string[] => [
    name,
    ((cpu / frames) * 1000).toFixed(1),
    (cpu / seconds).toFixed(3),
    (memory / MB).toFixed(0),
  ];
  const rows = [
    row('ingest', ingest.cpuSeconds, ingestPeak),
    row('infer', infer.cpuSeconds, infer.residentBytes),
    row('sink', sink.cpuSeconds, sink.residentBytes),
  ];
  process.stdout.write(
    `${frames} frames, ${fps} a second\n${table([['stage', 'CPU-ms a frame', 'processors a stream', 'memory (MB)'], ...rows])}\n` +
      `bytes a frame: frames ${bytes('frames')}, detections ${bytes('detections')}, states ${bytes('states')}, appearances ${bytes('appearances')}\n`,
  );
} finally {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
}
