import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { DetectionRecord } from '../core/detection.js';
import { describeError, LogowatchError } from '../core/errors.js';
import { redact } from '../core/redact.js';
import { readBrands } from '../infer/model/brands.js';
import { saveTemporal } from '../infer/model/save.js';
import { openDetector } from '../infer/workers/pool.js';
import type { SourceSpec } from '../ingest/source.js';
import { scanDetections } from '../pipeline.js';
import { PinoTelemetry } from '../telemetry/telemetry.js';
import { calibrateTemporal } from '../train/temporal/calibrate-temporal.js';
import { logoLevels } from '../train/temporal/logo-levels.js';
import { calibrationText } from './calibrate-text.js';
import { ProgressLine, stopOnSignals } from './io.js';
import { engineOption, positiveNumber, threadsOption } from './options.js';

const VIDEO = /^\.(mp4|m4v|mkv|mov|webm|avi|ts|m2ts|mts|mpg|mpeg|flv|wmv)$/i;
/** Frames that fit into memory with what was found in them: more than two days at 5 a second. */
const FRAMES_MAX = 1_000_000;

interface CalibrateOptions {
  falsePerHour: number;
  for?: number;
  fps?: number;
  write: boolean;
  json?: boolean;
  engine?: string;
  threads?: number;
  ffmpeg?: string;
}

export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description('Set when an appearance opens, from video that shows none of the logos')
    .argument('<model>', 'folder that `train` or `wrap` made; its model.json is written anew')
    .argument('<sources...>', 'video files, folders of them, or addresses; none of the logos may be in them')
    .option(
      '--false-per-hour <n>',
      'wanted false appearances an hour, all brands together',
      positiveNumber,
      0.1,
    )
    .option(
      '--for <time>',
      'watch so much of it: 90s, 30m, 2h (default: all; a stream: until Ctrl-C)',
      duration,
    )
    .option('--fps <n>', 'frames sampled a second (default 5): as you will watch', positiveNumber)
    .option('--no-write', 'only tell what would be written')
    .option('--json', 'print what is written as JSON')
    .addOption(engineOption())
    .addOption(threadsOption())
    .option('--ffmpeg <path>', 'the ffmpeg to use')
    .addHelpText(
      'after',
      `
Examples:
  logowatch calibrate my-model evening-without-our-logos.mp4
  logowatch calibrate my-model recordings/ --false-per-hour 0.05
  logowatch calibrate my-model rtsp://camera.example/live --for 2h

Ctrl-C sets the thresholds from what was watched so far. Look at the highest rises it lists: video that
does show a logo makes the model deaf for it. What little video proves is said: docs/temporal.md.`,
    )
    .action(run);
}

async function run(model: string, sources: string[], options: CalibrateOptions): Promise<void> {
  // What is wrong with the model or the paths is said before an hour of watching.
  const manifest = await readBrands(model);
  const specs = (await Promise.all(sources.map(videosOf))).flat();
  const records = await watchAll(model, specs, options);
  const { temporal, rises } = calibrateTemporal({
    records,
    labels: manifest.brands.map((b) => b.label),
    falsePerHour: options.falsePerHour,
    footage: 'video',
    logoLevels: logoLevels(manifest),
    createdAt: new Date().toISOString(),
  });
  if (options.write) await saveTemporal(model, temporal);
  if (options.json) process.stdout.write(`${JSON.stringify({ temporal, rises })}\n`);
  else process.stdout.write(calibrationText(temporal, rises, options.write ? model : undefined));
}

/** Files one after the other, so that a folder of them does not start as many ffmpegs; streams all at once. */
async function watchAll(
  model: string,
  urls: readonly string[],
  options: CalibrateOptions,
): Promise<readonly DetectionRecord[]> {
  const { signal, release } = stopOnSignals();
  const enough = new AbortController();
  const stop = AbortSignal.any([signal, enough.signal]);
  const detector = await openDetector(model, options);
  const records: DetectionRecord[] = [];
  const fps = options.fps ?? 5;
  let frames = 0;
  const onRecord = (record: DetectionRecord) => {
    if (enough.signal.aborted) return;
    records.push(record);
    if (record.kind === 'detections') frames++;
    if (frames >= FRAMES_MAX || frames / fps >= (options.for ?? Number.POSITIVE_INFINITY)) enough.abort();
  };
  const progress = new ProgressLine(() => `${(frames / fps / 60).toFixed(1)} min of video watched`);
  const isStream = (url: string) => /^[a-z]+:\/\//i.test(url);
  const groups = [...urls.filter((u) => !isStream(u)).map((u) => [u]), urls.filter(isStream)];
  let failure: unknown;
  try {
    for (const group of groups) {
      if (group.length === 0 || stop.aborted) continue;
      const streams = group.map((url, i) => specOf(url, group.length > 1 ? i + 1 : undefined, options));
      const { failures } = await scanDetections({
        streams,
        detector,
        telemetry: new PinoTelemetry('error'),
        signal: stop,
        onRecord,
      });
      for (const { error } of failures) {
        failure = error;
        process.stderr.write(`logowatch: ${redact(describeError(error))}\n`);
      }
    }
  } finally {
    progress.close();
    release();
    await detector.close();
  }
  if (frames === 0 && failure !== undefined) throw failure;
  if (failure !== undefined) process.exitCode = 1;
  return records;
}

/** @param number tells streams apart whose addresses end alike */
function specOf(url: string, number: number | undefined, options: CalibrateOptions): SourceSpec {
  const name = redact(url).split(/[\\/]/).pop() || 'source';
  return {
    streamId: number === undefined ? name : `${name}-${number}`,
    url,
    ...(options.fps === undefined ? {} : { fps: options.fps }),
    ...(options.ffmpeg === undefined ? {} : { ffmpegPath: options.ffmpeg }),
  };
}

async function videosOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => VIDEO.test(extname(name))).sort();
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new LogowatchError('source-not-found', 'There is no video in this folder', {
    value: path,
    remedy: 'Name video files, a folder of them, or the address of a stream',
  });
}

/** Seconds of `90s`, `30m`, `2h`, `1h30m`. */
function duration(text: string): number {
  const parts = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text);
  const [h, m, s] = (parts ?? []).slice(1).map((v) => Number(v ?? 0));
  const seconds = 3600 * (h ?? 0) + 60 * (m ?? 0) + (s ?? 0);
  if (!(seconds > 0)) throw new InvalidArgumentError('Give a time as 90s, 30m, 2h or 1h30m.');
  return seconds;
}
