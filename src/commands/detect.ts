import { Command } from 'commander';
import type { Detection } from '../core/detection.js';
import type { Detector } from '../infer/detector.js';
import { type LoadedImage, loadImage } from '../infer/image.js';
import { createDetector } from '../infer/network-detector.js';
import { pictureFiles } from '../infer/picture-files.js';
import { leaveWithTheReader, printError } from './io.js';
import { engineOption, threadsOption } from './options.js';

/** Pictures decoded ahead of the network. */
const BATCH = 4;

interface DetectOptions {
  json?: boolean;
  all?: boolean;
  engine?: string;
  threads?: number;
}

export function detectCommand(): Command {
  return new Command('detect')
    .description('Find logos in pictures')
    .argument('<model>', 'folder that `train` or `wrap` made')
    .argument('<paths...>', 'pictures, or folders of pictures')
    .option(
      '--json',
      'a line of JSON a picture: {file,width,height,detections:[{label,score,box:[x,y,w,h]}]}, pixels',
    )
    .option('--all', "add every brand's best box and score, threshold or not")
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
Examples:
  logowatch detect my-model photo.jpg
  logowatch detect my-model frames/ --json --all > answers.jsonl`,
    )
    .action(run);
}

async function run(model: string, paths: string[], options: DetectOptions): Promise<void> {
  leaveWithTheReader();
  const files = (await Promise.all(paths.map(pictureFiles))).flat();
  const detector = await createDetector(model, { ...options, exact: true });
  try {
    for (let i = 0; i < files.length; i += BATCH) {
      const loaded = await Promise.all(files.slice(i, i + BATCH).map((file) => load(file, detector)));
      const good = loaded.filter((l) => l !== undefined);
      const found = await detector.detect(
        good.map((l) => l.image),
        { all: options.all === true, thorough: true },
      );
      good.forEach((l, k) => {
        process.stdout.write(`${options.json ? jsonLine(l, found[k] ?? []) : textLine(l, found[k] ?? [])}\n`);
      });
    }
  } finally {
    await detector.close();
  }
}

type Loaded = LoadedImage & { file: string };

/** An unreadable picture is said, counts as a failure, and does not stop the others. */
async function load(file: string, detector: Detector): Promise<Loaded | undefined> {
  try {
    return { file, ...(await loadImage(file, detector.model.inputs)) };
  } catch (error) {
    printError(error);
    process.exitCode = 1;
    return undefined;
  }
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

function inPixels(d: Detection, image: LoadedImage): number[] {
  const { originalWidth: w, originalHeight: h } = image;
  return [d.box[0] * w, d.box[1] * h, d.box[2] * w, d.box[3] * h].map((v) => round(v, 1));
}

function jsonLine(l: Loaded, found: readonly Detection[]): string {
  return JSON.stringify({
    file: l.file,
    width: l.originalWidth,
    height: l.originalHeight,
    detections: found.map((d) => ({ label: d.label, score: round(d.score, 6), box: inPixels(d, l) })),
  });
}

function textLine(l: Loaded, found: readonly Detection[]): string {
  if (found.length === 0) return `${l.file}: no logo`;
  const each = found.map(
    (d) => `${d.label} ${d.score.toFixed(3)} at ${inPixels(d, l).map(Math.round).join(',')}`,
  );
  return `${l.file}: ${each.join('; ')}`;
}
