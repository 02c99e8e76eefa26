import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { LogowatchError } from '../core/errors.js';
import { composeBroadcast } from '../demo/compose.js';
import { liveHls } from '../demo/live-hls.js';
import { type LiveRtsp, liveRtsp } from '../demo/live-rtsp.js';
import { drawComparison, type PictureFrame } from '../demo/picture.js';
import { byWallClock, type Comparison, compareWithTruth } from '../demo/report.js';
import { formatComparison } from '../demo/report-text.js';
import { still, stillTimes } from '../demo/stills.js';
import type { BroadcastTruth } from '../demo/truth.js';
import type { Detector } from '../infer/detector.js';
import { openDetector } from '../infer/workers/pool.js';
import { locateFfmpeg } from '../ingest/ffmpeg/locate.js';
import { LISTEN_DEFAULT } from '../web/config.js';
import type { Play } from './demo-plays.js';
import { type DemoOptions, type Say, type Watched, watchPlays } from './demo-watch.js';
import { leaveWithTheReader, ProgressLine, stopOnSignals } from './io.js';
import { demoModel, positiveInteger, positiveNumber } from './options.js';

const SECONDS_MIN = 20;

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Compose a short broadcast, play it live, watch it, and hold what was found against the truth',
    )
    .option('--seconds <n>', `length of the broadcast, at least ${SECONDS_MIN}`, positiveNumber, 60)
    .option('--seed <n>', 'another seed, another broadcast', positiveInteger, 1)
    .option('-o, --output <folder>', 'where broadcast, events and picture go', 'out')
    .option('-m, --model <folder>', 'a model of the demo marks', demoModel())
    .option('--no-rtsp', 'watch by HLS only')
    .option('--web <host:port>', `where the page is (default ${LISTEN_DEFAULT}, or any free port)`)
    .option('--no-web', 'no page')
    .option('--keep-open', 'leave the page open when the broadcast is over')
    .option('--ffmpeg <path>', 'the ffmpeg to use')
    .option('--json', 'the comparison as JSON on stdout, nothing else there')
    .addHelpText('after', '\nExamples:\n  logowatch demo\n  logowatch demo --seconds 120 --seed 7')
    .action(run);
}

async function run(options: DemoOptions): Promise<void> {
  if (options.seconds < SECONDS_MIN) {
    throw new LogowatchError('usage', `--seconds must be at least ${SECONDS_MIN}`, {
      value: String(options.seconds),
    });
  }
  const say = (text: string) => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  leaveWithTheReader();
  const { signal, release } = stopOnSignals();
  const closers: (() => Promise<void>)[] = [];
  try {
    const ffmpeg = await locateFfmpeg(options.ffmpeg);
    say(`ffmpeg ${ffmpeg.version} (${ffmpeg.origin})`);
    const { file, truth } = await compose(options, ffmpeg.path, signal, say);
    const detector = await openDetector(options.model, { engine: 'auto' });
    closers.push(() => detector.close());
    say(`model ${detector.model.id}: ${detector.model.labels.join(', ')} (${detector.model.engine})`);
    const hls = await liveHls({ ffmpegPath: ffmpeg.path, file, signal });
    closers.push(hls.close);
    const plays: Play[] = [{ id: 'hls', url: hls.url, startedAtMs: hls.startedAtMs, ended: hls.ended }];
    const rtsp = options.rtsp ? await tryRtsp(ffmpeg.path, file, say) : undefined;
    if (rtsp !== undefined) {
      closers.push(rtsp.close);
      plays.push({ id: 'rtsp', url: rtsp.url, startedAtMs: rtsp.startedAtMs, ended: rtsp.ended });
    }
    const watched = await watchPlays({ plays, detector, options, signal, say, closers });
    const { appearances, stats, seconds } = watched;
    if (signal.aborted) throw new LogowatchError('stopped', 'Stopped before the broadcast was over');
    const results = plays.map((play) => ({
      play,
      comparison: compare(play, truth, appearances, stats, seconds),
    }));
    await show(results, options, say, (comparison) => stills(comparison, file, ffmpeg.path, detector));
    if (options.keepOpen && options.web !== false) {
      say('the page stays open until Ctrl-C');
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
  } finally {
    for (const close of closers.reverse()) await close();
    release();
  }
}

async function compose(
  { output, seconds, seed }: DemoOptions,
  ffmpegPath: string,
  signal: AbortSignal,
  say: Say,
): Promise<{ file: string; truth: BroadcastTruth }> {
  await mkdir(output, { recursive: true });
  let share = 0;
  const progress = new ProgressLine(() => `composing ${Math.round(share * 100)} %`);
  const started = performance.now();
  try {
    const composed = await composeBroadcast({
      ffmpegPath,
      seed,
      seconds,
      signal,
      output: join(output, 'broadcast.mp4'),
      onProgress: (done, total) => {
        share = done / total;
      },
    });
    progress.clear();
    const took = ((performance.now() - started) / 1000).toFixed(1);
    say(`composed ${composed.file}: ${composed.truth.duration.toFixed(0)} s of broadcast in ${took} s`);
    return composed;
  } finally {
    progress.close();
  }
}

async function tryRtsp(ffmpegPath: string, file: string, say: Say): Promise<LiveRtsp | undefined> {
  try {
    return await liveRtsp({ ffmpegPath, file });
  } catch (error) {
    say(`RTSP is left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function compare(
  play: Play,
  truth: BroadcastTruth,
  appearances: Watched['appearances'],
  stats: Watched['stats'],
  seconds: number,
): Comparison {
  const own = stats.get(play.id);
  return compareWithTruth(
    truth,
    appearances.get(play.id) ?? [],
    {
      frames: own?.inferred ?? 0,
      seconds,
      dropped: Object.values(own?.dropped ?? {}).reduce((a, b) => a + b, 0),
      ageP50Ms: own?.ageP50Ms ?? null,
      ageP95Ms: own?.ageP95Ms ?? null,
    },
    { toBroadcastTime: byWallClock(play.startedAtMs) },
  );
}

async function show(
  results: readonly { play: Play; comparison: Comparison }[],
  { output, json }: DemoOptions,
  say: Say,
  stillsOf: (comparison: Comparison) => Promise<PictureFrame[]>,
): Promise<void> {
  for (const { play, comparison } of results) say(`\n== ${play.id}\n${formatComparison(comparison)}`);
  const first = results[0]?.comparison;
  if (first !== undefined) {
    const picture = join(output, 'demo.png');
    await writeFile(picture, await drawComparison(first, await stillsOf(first)));
    say(`events: ${join(output, 'events.jsonl')}, picture: ${picture}`);
  }
  if (json) {
    const all = Object.fromEntries(results.map(({ play, comparison }) => [play.id, comparison]));
    process.stdout.write(`${JSON.stringify(all)}\n`);
  }
}

const STILLS = 6;

/** A few frames of the broadcast, with what the detector finds in each of them by itself. */
async function stills(
  comparison: Comparison,
  file: string,
  ffmpegPath: string,
  detector: Detector,
): Promise<PictureFrame[]> {
  const pictures = await Promise.all(
    stillTimes(comparison.rows, STILLS).map((t) => still(ffmpegPath, file, t)),
  );
  const whole = ({ width, height }: { width: number; height: number }) => ({ x: 0, y: 0, width, height });
  const found = await detector.detect(pictures.map((p) => ({ ...p, content: whole(p) })));
  return pictures.map((p, i) => ({ ...p, boxes: found[i] ?? [] }));
}
