/**
 * Live streams side by side on this machine: `node dist/bench/streams.js [STREAMS] [SECONDS] [FPS] [MODEL]`. Each is a
 * 720p25 H.264 stream of 3.8 Mb/s, published by RTSP (copied, not encoded again) and watched through the ordinary
 * pipeline. Prints frame age and drops a stream: the promise is p95 < 1 s with 6 streams at 5 frames/s on 2 cores.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../src/core/root.js';
import { liveRtsp } from '../src/demo/live-rtsp.js';
import { openDetector } from '../src/infer/workers/pool.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { runPipeline } from '../src/pipeline.js';
import { StatsTelemetry } from '../src/telemetry/stats.js';
import type { InternalEvent } from '../src/telemetry/telemetry.js';
import { measure, table } from './measure.js';

const [streamsText = '6', secondsText = '60', fpsText = '5', model = join(repoRoot(), 'models', 'demo')] =
  process.argv.slice(2);
const count = Number(streamsText);
const seconds = Number(secondsText);
const ffmpeg = await locateFfmpeg();
const folder = await mkdtemp(join(tmpdir(), 'logowatch-streams-'));
try {
  const file = join(folder, 'clip.mp4');
  const noise = 'testsrc2=size=1280x720:rate=25,noise=alls=12:allf=t';
  const codec = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-b:v',
    '3800k',
    '-g',
    '50',
    '-pix_fmt',
    'yuv420p',
  ];
  await measure(ffmpeg.path, [
    '-v',
    'error',
    '-nostdin',
    '-f',
    'lavfi',
    '-i',
    noise,
    '-t',
    String(seconds + 10),
    ...codec,
    file,
  ]);
  const detector = await openDetector(model);
  const lives = await Promise.all(
    Array.from({ length: count }, () => liveRtsp({ ffmpegPath: ffmpeg.path, file })),
  );
  const each = lives.map(() => new StatsTelemetry({ emit: () => undefined }));
  const telemetry = {
    emit: (event: InternalEvent) => {
      if ('streamId' in event && event.streamId !== undefined) each[Number(event.streamId)]?.emit(event);
    },
  };
  const cpuBefore = process.cpuUsage();
  await runPipeline({
    streams: lives.map((l, i) => ({ streamId: String(i), url: l.url, fps: Number(fpsText) })),
    detector,
    sinks: [],
    smoothing: {},
    telemetry,
    signal: AbortSignal.timeout(seconds * 1000),
  });
  const cpu = process.cpuUsage(cpuBefore);
  for (const live of lives) await live.close();
  await detector.close();
  const rows = each.map(({ stats: s }, i) => [
    i,
    s.sampled,
    s.inferred,
    Object.values(s.dropped).reduce((a, b) => a + b, 0),
    s.ageP50Ms?.toFixed(0) ?? '-',
    s.ageP95Ms?.toFixed(0) ?? '-',
  ]);
  const head = ['stream', 'sampled', 'inferred', 'dropped', 'age p50 (ms)', 'age p95 (ms)'];
  process.stdout.write(
    `${table([head, ...rows])}\n\n${detector.model.engine}, this process: ${((cpu.user + cpu.system) / 1e6 / seconds).toFixed(2)} CPU-seconds a second (decoding apart).\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
