import { Command } from 'commander';
import { type TrainSummary, trainModel } from '../train/train.js';
import { leaveWithTheReader, stopOnSignals } from './io.js';
import { engineOption, positiveInteger } from './options.js';
import { PhaseBars } from './phase-bars.js';
import { TRAIN_TITLES } from './train-titles.js';

interface TrainCommandOptions {
  output: string;
  negatives?: string[];
  seed: number;
  frames?: number;
  epochs?: number;
  resume?: boolean;
  keepDoubtful?: boolean;
  engine?: 'auto' | 'onnx-int8' | 'onnx-f32' | 'tfjs';
  json?: boolean;
}

export function trainCommand(): Command {
  return new Command('train')
    .description('Learn logos from pictures, or from logo art alone')
    .argument(
      '<datasets...>',
      'a folder per brand, COCO, YOLO or Pascal VOC; SVG or PNG art of the logos also does; several are one data set',
    )
    .requiredOption('-o, --output <folder>', 'where the model goes')
    .option(
      '--negatives <folders...>',
      'pictures that show none of the logos; boxed other logos in COCO are used as such',
    )
    .option('--seed <n>', 'same seed, same data, same model', positiveInteger, 1)
    .option('--frames <n>', 'training frames to compose (default: by the number of brands)', positiveInteger)
    .option('--epochs <n>', 'passes over the frames', positiveInteger)
    .option('--keep-doubtful', 'learn from the whole of pictures in which the logo is not found for sure')
    .option('--resume', 'there must be a run to go on from (by default one is taken up where it is found)')
    .option('--no-resume', 'begin anew')
    .addOption(engineOption())
    .option('--json', 'print what was trained and measured as JSON')
    .addHelpText(
      'after',
      `
Examples:
  logowatch train logos/ -o my-model
  logowatch train logos/ --negatives photos-without-logos/ other-logos/ -o my-model
  logowatch train logos/ mined/positives --negatives mined/negatives -o my-model
  logowatch train art/ -o my-model --frames 3000          art/ holds acme.svg, globex.png, ...

Ctrl-C keeps what was done: the same command goes on from there.`,
    )
    .action(run);
}

async function run(datasets: string[], options: TrainCommandOptions): Promise<void> {
  leaveWithTheReader();
  const { signal, release } = stopOnSignals();
  const bars = new PhaseBars(TRAIN_TITLES);
  const { output, negatives, seed, frames, epochs, resume, engine, keepDoubtful } = options;
  try {
    const summary = await trainModel({
      dataset: datasets,
      output,
      seed,
      signal,
      onProgress: (p) => bars.update(p),
      ...(negatives === undefined ? {} : { negatives }),
      ...(frames === undefined ? {} : { frames }),
      ...(epochs === undefined ? {} : { epochs }),
      ...(resume === undefined ? {} : { resume }),
      ...(engine === undefined ? {} : { engine }),
      ...(keepDoubtful === undefined ? {} : { keepDoubtful }),
    });
    bars.stop();
    process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : describe(summary));
  } catch (error) {
    bars.stop();
    if (!signal.aborted) throw error;
    process.stderr.write(`logowatch: stopped; the same command goes on from ${output}.partial\n`);
    process.exitCode = 1;
  } finally {
    release();
  }
}

function describe({ output, brands, frames, heldOut, seconds }: TrainSummary): string {
  const percent = (v: number) => `${(100 * v).toFixed(1)} %`;
  return [
    `${brands.length} brands, ${frames} frames, ${seconds} s`,
    `held-out frames: AUROC ${heldOut.auroc.toFixed(3)}, right brand found in ${percent(heldOut.recallAt1Percent)} at 1 % false frames, ${percent(heldOut.recallAt01Percent)} at 0.1 %`,
    `model: ${output} (report.html shows how it went)`,
    `next: logowatch watch STREAM --model ${output}`,
    '',
  ].join('\n');
}
