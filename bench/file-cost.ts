/**
 * What a file costs from end to end, beside its bare parts: `node dist/bench/file-cost.js [FILE] [MINUTES] [MODEL] [THREADS]`.
 * Bare parts: the same ffmpeg with the same filters into nothing, and bare ONNX Runtime with the same network on the
 * same number of pictures. CPU-seconds of all processes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../src/core/root.js';
import { composeBroadcast } from '../src/demo/compose.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { growth, measure, measureCli, table } from './measure.js';

const [file, minutesText = '10', model = join(repoRoot(), 'models', 'demo'), threads = '2'] =
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

  const select = `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${1 / FPS - 0.001})'`;
  const sync = ffmpeg.capabilities.fpsMode ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'];
  const bare = [
    '-v',
    'error',
    '-nostdin',
    '-threads',
    '1',
    '-i',
    video,
    '-an',
    '-vf',
    `${select},scale=640:360`,
    ...sync,
  ];
  const decode = await measure(ffmpeg.path, [
    ...bare,
    '-pix_fmt',
    'rgb24',
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
  const script = join(repoRoot(), 'dist', 'bench', 'bare-onnx.js');
  const network = await measure(process.execPath, [script, model, frames, threads]);

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
    ])}\n\n${frames} frames, ${dropped} dropped. Ratio ${(whole.cpuSeconds / parts).toFixed(3)}. Resident memory, last quarter over second quarter: ${(100 * growth(whole.rss)).toFixed(1)} %.\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
