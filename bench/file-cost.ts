/**
 * What a file costs from end to end, beside its bare parts: `node dist/bench/file-cost.js [FILE] [MINUTES] [MODEL] [THREADS]`.
 * Bare parts: the same ffmpeg with the same filters into nothing, and bare ONNX Runtime with the same network on the
 * same number of pictures and crops. CPU-seconds of all processes.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../src/core/root.js';
import { composeBroadcast } from '../src/demo/compose.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { growth, measure, measureCli, table } from './measure.js';
import { sampling } from './sampling.js';

const [file, minutesText = '10', model = join(repoRoot(), 'models', 'demo'), threads = '1'] =
  process.argv.slice(2);
const FPS = 5;
const ffmpeg = await locateFfmpeg();
const folder = await mkdtemp(join(tmpdir(), 'logowatch-cost-'));
try {
  const seconds = 60 * Number(minutesText);
  const clip =
    file ??
    (
      await composeBroadcast({
        ffmpegPath: ffmpeg.path,
        seed: 5,
        seconds: 60,
        output: join(folder, 'clip.mp4'),
      })
    ).file;
  const video = join(folder, 'looped.mp4');
  await measure(ffmpeg.path, [
    '-v',
    'error',
    '-nostdin',
    '-stream_loop',
    '-1',
    '-i',
    clip,
    '-t',
    String(seconds),
    '-an',
    '-c',
    'copy',
    video,
  ]);

  const decode = await measure(ffmpeg.path, [
    ...sampling(ffmpeg, video, FPS),
    '-f',
    'rawvideo',
    '-y',
    '/dev/null',
  ]);

  const whole = await measureCli(
    'watch',
    video,
    '--model',
    model,
    '--fps',
    String(FPS),
    '--json',
    '--threads',
    threads,
    '--log-level',
    'warn',
  );
  const [, frames = '0', dropped = '?'] =
    [...whole.stderr.matchAll(/(\d+) frames watched, (\d+) dropped/g)].at(-1) ?? [];
  const script = (name: string) => join(repoRoot(), 'dist', 'bench', `${name}.js`);
  const counted = await measure(process.execPath, [script('crop-counts'), model, video, String(FPS)]);
  const counts = join(folder, 'counts.json');
  await writeFile(counts, counted.stdout);
  const crops = (JSON.parse(counted.stdout) as number[]).reduce((a, b) => a + b, 0);
  const network = await measure(process.execPath, [script('bare-onnx'), model, counts, threads]);

  const parts = decode.cpuSeconds + network.cpuSeconds;
  const row = (name: string, m: { cpuSeconds: number; wallSeconds: number }) => [
    name,
    m.cpuSeconds.toFixed(1),
    ((1000 * m.cpuSeconds) / Number(frames)).toFixed(1),
    m.wallSeconds.toFixed(1),
  ];
  process.stdout.write(
    `${table([
      ['', 'CPU-seconds', 'CPU-ms a frame', 'wall seconds'],
      row('bare ffmpeg: decode, select, scale', decode),
      row('bare ONNX Runtime, the same network', network),
      row('logowatch watch', whole),
    ])}\n\n${frames} frames, ${dropped} dropped, ${crops} crops. Ratio ${(whole.cpuSeconds / parts).toFixed(3)}. Resident memory, last quarter over second quarter: ${(100 * growth(whole.rss)).toFixed(1)} %.\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
