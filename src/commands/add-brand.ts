import { Command } from 'commander';
import { type AddBrandSummary, addBrand } from '../train/add-brand.js';
import { stopOnSignals } from './io.js';
import { engineOption, positiveInteger } from './options.js';
import { PhaseBars } from './phase-bars.js';
import { TRAIN_TITLES } from './train-titles.js';

interface AddBrandCommandOptions {
  output?: string;
  negatives?: string[];
  replace?: boolean;
  keepDoubtful?: boolean;
  frames?: number;
  seed: number;
  engine?: 'auto' | 'onnx-int8' | 'onnx-f32' | 'tfjs';
  json?: boolean;
}

export function addBrandCommand(): Command {
  return new Command('add-brand')
    .description('Add a logo to a model from a few pictures, in seconds, leaving its other logos as they are')
    .argument('<model>', 'folder that `train` made')
    .argument('<name>', 'what the brand is called')
    .argument(
      '<paths...>',
      'one to five pictures of it, its art (SVG, PNG), or a folder of them; COCO, YOLO or VOC',
    )
    .option('-o, --output <folder>', 'where the larger model goes (default: into the same folder)')
    .option('--negatives <folders...>', 'pictures that do not show it')
    .option('--replace', 'take the place of a brand of that name')
    .option('--keep-doubtful', 'learn from the whole of pictures in which the logo is not found for sure')
    .option('--frames <n>', 'frames to compose (default: 96)', positiveInteger)
    .option('--seed <n>', 'same seed, same pictures, same result', positiveInteger, 1)
    .addOption(engineOption())
    .option('--json', 'print what was added as JSON')
    .addHelpText(
      'after',
      `
Examples:
  logowatch add-brand my-model acme acme-1.jpg acme-2.jpg acme-3.jpg
  logowatch add-brand my-model acme acme.svg -o larger-model
  logowatch add-brand my-model acme acme-boxed/ --replace     COCO, YOLO or Pascal VOC

A brand with many pictures is better trained with the others: logowatch train.`,
    )
    .action(run);
}

async function run(
  model: string,
  name: string,
  paths: string[],
  options: AddBrandCommandOptions,
): Promise<void> {
  const { signal, release } = stopOnSignals();
  const bars = new PhaseBars(TRAIN_TITLES);
  const { json, ...rest } = options;
  try {
    const summary = await addBrand({
      model,
      name,
      paths,
      signal,
      onProgress: (p) => bars.update(p),
      ...rest,
    });
    bars.stop();
    process.stdout.write(json ? `${JSON.stringify(summary)}\n` : describe(summary));
  } catch (error) {
    bars.stop();
    if (!signal.aborted) throw error;
    process.stderr.write('logowatch: stopped; the model is as it was\n');
    process.exitCode = 1;
  } finally {
    release();
  }
}

function describe({ output, brand, brands, pictures, recall, seconds }: AddBrandSummary): string {
  return [
    `${brand.label} added from ${pictures} pictures in ${seconds} s; ${brands.length} brands: ${brands.join(', ')}`,
    `found in ${(100 * recall).toFixed(0)} % of frames composed from the same pictures (new ones are harder)`,
    `model: ${output}`,
    `next: logowatch detect ${output} PICTURES`,
    '',
  ].join('\n');
}
