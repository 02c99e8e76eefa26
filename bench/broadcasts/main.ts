/**
 * Events on composed broadcasts with known truth:
 * `npm run broadcasts -- DATA MODEL [--minutes 10] [--silent-minutes 20] [--seed 1] [--half a|b] [--keep FOLDER]`.
 * DATA holds logos/val, unknown-logos/test, no-logo/test and clips. Composes one broadcast with known brands and a
 * silent one, watches both as files and prints the figures as Markdown, then as JSON. With --keep, videos (with their
 * truth), detections and events stay in FOLDER, and are used again.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { useShippedFonts } from '../../src/core/fonts.js';
import { loadModel } from '../../src/infer/model/load.js';
import { smoothingFor } from '../../src/infer/model/onset.js';
import { locateFfmpeg } from '../../src/ingest/ffmpeg/locate.js';
import { foundSpans } from '../../src/train/evaluate-events/found.js';
import { eventMetrics, type WatchedVideo } from '../../src/train/evaluate-events/metrics.js';
import { composeReal } from './compose.js';
import { type Half, readMaterial } from './material.js';
import { metricsTable } from './report.js';
import { detectionsOf, smooth } from './watch.js';

interface Truth {
  readonly duration: number;
  readonly truth: readonly { label: string; start: number; end: number; width: number }[];
}

useShippedFonts();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    'silent-minutes': { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    half: { type: 'string' },
    keep: { type: 'string' },
  },
});
const [data, model] = positionals;
if (data === undefined || model === undefined || !['a', 'b', undefined].includes(values.half)) {
  process.stderr.write(
    'usage: npm run broadcasts -- DATA MODEL [--minutes N] [--silent-minutes N] [--seed N] [--half a|b] [--keep FOLDER]\n',
  );
  process.exit(2);
}
const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'logowatch-broadcasts-')));
await mkdir(folder, { recursive: true });
try {
  const { manifest } = await loadModel(model);
  const silent = await watched(true, Number(values['silent-minutes']));
  const known = await watched(false, Number(values.minutes));
  const rows = { 'known brands': eventMetrics(known), silent: eventMetrics(silent) };
  process.stdout.write(`${metricsTable(rows)}\n\n${JSON.stringify({ model: manifest.id, ...rows })}\n`);
} finally {
  if (values.keep === undefined) await rm(folder, { recursive: true, force: true });
}

async function watched(silent: boolean, minutes: number): Promise<WatchedVideo[]> {
  if (minutes <= 0) return [];
  const name = `${silent ? 'silent' : 'known'}-${values.seed}-${values.half ?? 'all'}-${minutes}`;
  const video = join(folder, `${name}.mp4`);
  const truthFile = join(folder, `${name}.json`);
  if (!existsSync(truthFile)) await compose(video, truthFile, silent, minutes);
  const { duration, truth } = JSON.parse(await readFile(truthFile, 'utf8')) as Truth;
  const stem = join(folder, `${name}-${basename(model!)}`);
  const records = await detectionsOf(video, model!, `${stem}.detections.jsonl`);
  const { info } = await loadModel(model!);
  const events = await smooth(records, smoothingFor(info));
  await writeFile(`${stem}.events.jsonl`, events.map((e) => `${JSON.stringify(e)}\n`).join(''));
  return [{ duration, truth, found: foundSpans(events, duration) }];
}

/** The truth is written last: a broadcast without it is composed again. */
async function compose(video: string, truthFile: string, silent: boolean, minutes: number): Promise<void> {
  const partial = video.replace(/\.mp4$/, '.partial.mp4');
  const { spans, duration } = await composeReal({
    ffmpegPath: (await locateFfmpeg()).path,
    material: await readMaterial(data!, values.half as Half | undefined),
    output: partial,
    seconds: 60 * minutes,
    seed: Number(values.seed),
    silent,
  });
  await rename(partial, video);
  await writeFile(truthFile, JSON.stringify({ duration, truth: spans }));
}
