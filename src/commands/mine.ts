import { join } from 'node:path';
import { Command } from 'commander';
import { openDetector } from '../infer/workers/pool.js';
import { type ApplySummary, applyVerdicts } from '../mine/apply.js';
import { PAGE_FILE } from '../mine/candidate.js';
import { type MineProgress, type MineSummary, mine } from '../mine/mine.js';
import { StatsTelemetry } from '../telemetry/stats.js';
import { PinoTelemetry } from '../telemetry/telemetry.js';
import { exitCodeOf, ProgressLine, printError, stopOnSignals } from './io.js';
import {
  durationMs,
  engineOption,
  positiveInteger,
  positiveNumber,
  share,
  threadsOption,
} from './options.js';
import { definedOnly } from './watch-config.js';

interface MineCommandOptions {
  output: string;
  limit: number;
  minScore: number;
  for?: number;
  fps?: number;
  rtspTransport?: 'tcp' | 'udp';
  ffmpeg?: string;
  engine?: string;
  threads?: number;
  json?: boolean;
}

export function mineCommand(): Command {
  return new Command('mine')
    .description('Collect what a model takes for logos in unlabelled material, to judge and to train on')
    .argument('<model>', 'folder that `train` or `wrap` made')
    .argument('<inputs...>', 'videos, streams, pictures, or folders of videos and pictures')
    .option('-o, --output <folder>', 'a new folder for the page and its pictures', 'mined')
    .option(
      '--limit <n>',
      'candidates kept, best first; half of the places are shared out among the brands',
      positiveInteger,
      200,
    )
    .option('--min-score <p>', 'leave out what scores less', share, 0.05)
    .option('--for <time>', 'look at so much of each video or stream: 90s, 10m, 1h30m', durationMs)
    .option('--fps <n>', 'frames sampled a second (default 5)', positiveNumber)
    .option('--rtsp-transport <name>', 'tcp or udp (default tcp)')
    .option('--ffmpeg <path>', 'the ffmpeg to use')
    .addOption(engineOption())
    .addOption(threadsOption())
    .option('--json', 'the summary as JSON')
    .addHelpText(
      'after',
      `
Examples:
  logowatch mine my-model recordings/ -o mined
  logowatch mine my-model https://tv.example/live.m3u8 --for 10m -o mined
  logowatch mine apply mined ~/Downloads/verdicts.json
  logowatch train logos/ --negatives mined/negatives -o better-model

Open mined/index.html, judge, save; then "mine apply". Ctrl-C keeps what was found so far. See docs/mining.md.`,
    )
    .addCommand(applyCommand())
    .action(run);
}

function applyCommand(): Command {
  return new Command('apply')
    .description('Make training material of the verdicts that the page saved')
    .argument('<folder>', 'folder that `mine` made')
    .argument('<verdicts>', 'the file that its page saved')
    .option('--json', 'the summary as JSON')
    .addHelpText('after', '\nExamples:\n  logowatch mine apply mined ~/Downloads/verdicts.json')
    .action(apply)
    .exitOverride();
}

async function run(model: string, inputs: string[], options: MineCommandOptions): Promise<void> {
  const { output, limit, minScore, json, fps, rtspTransport, ffmpeg } = options;
  const { signal, release } = stopOnSignals();
  const telemetry = new StatsTelemetry(new PinoTelemetry('warn'));
  let at: MineProgress | undefined;
  const progress = new ProgressLine(() => progressText(at, telemetry));
  try {
    const detector = await openDetector(model, options);
    try {
      const [first] = detector.model.inputs;
      const summary = await mine({
        ...{ detector, inputs, output, limit, minScore, telemetry, signal, lengthMsMax: options.for },
        source: definedOnly({
          fps,
          rtspTransport,
          ffmpegPath: ffmpeg,
          width: first?.width,
          height: first?.height,
        }),
        onProgress: (now) => {
          at = now;
        },
        onFailure: (error) => {
          progress.clear();
          printError(error);
          process.exitCode = exitCodeOf(error);
        },
      });
      progress.close();
      process.stdout.write(json ? `${JSON.stringify(asJson(summary, output))}\n` : describe(summary, output));
    } finally {
      await detector.close();
    }
  } finally {
    progress.close();
    release();
  }
}

function progressText(at: MineProgress | undefined, { stats }: StatsTelemetry): string {
  if (at === undefined) return 'nothing looked at yet';
  const dropped = Object.values(stats.dropped).reduce((a, b) => a + b, 0);
  const lost = dropped > 0 ? `, ${dropped} dropped` : '';
  return `${at.part + 1} of ${at.parts}: ${at.looked} pictures looked at${lost}, ${at.kept} candidates`;
}

function countByLabel({ candidates }: MineSummary): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { label } of candidates) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function asJson(summary: MineSummary, output: string): unknown {
  const { candidates, looked, detections } = summary;
  const page = join(output, PAGE_FILE);
  return { output, page, looked, detections, candidates: candidates.length, byLabel: countByLabel(summary) };
}

function describe(summary: MineSummary, output: string): string {
  const { candidates, looked, detections } = summary;
  const labels = Object.entries(countByLabel(summary)).sort(([, a], [, b]) => b - a);
  const each = labels.length === 0 ? '' : `: ${labels.map(([label, n]) => `${label} ${n}`).join(', ')}`;
  return [
    `${looked} pictures looked at, ${detections} detections, ${candidates.length} candidates kept${each}`,
    `judge them: ${join(output, PAGE_FILE)}`,
    `then: logowatch mine apply ${output} verdicts.json`,
    '',
  ].join('\n');
}

async function apply(folder: string, verdicts: string, _: object, command: Command): Promise<void> {
  const summary = await applyVerdicts(folder, verdicts);
  // `mine` has the same option, and takes it before we see it.
  const { json } = command.optsWithGlobals<{ json?: boolean }>();
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : describeApplied(summary));
}

function describeApplied({ negatives, positives, leftOut }: ApplySummary): string {
  const lines = [
    `negatives: ${negatives.pictures} pictures with ${negatives.boxes} places taken for a logo`,
    `positives: ${positives.pictures} pictures with ${positives.boxes} logos`,
  ];
  if (leftOut > 0) lines.push(`left out: ${leftOut} pictures with a place that is unsure or not judged`);
  const logos = positives.pictures > 0 ? ` ${positives.folder}` : '';
  const others = negatives.pictures > 0 ? ` --negatives ${negatives.folder}` : '';
  if (logos + others !== '') lines.push(`next: logowatch train logos/${logos}${others} -o better-model`);
  return `${lines.join('\n')}\n`;
}
