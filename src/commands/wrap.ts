import { Command, InvalidArgumentError, Option } from 'commander';
import { BOX_FORMS, NORMALISATIONS, OUTPUT_KINDS } from '../infer/foreign/foreign.js';
import { type WrapOptions, type WrapSummary, wrapModel } from '../train/wrap/wrap.js';
import { ProgressLine, stopOnSignals } from './io.js';
import { positiveInteger, positiveNumber } from './options.js';

/** Under this share something is likely set wrong. */
const NAMED_MIN = 0.4;

type WrapCommandOptions = Omit<WrapOptions, 'network' | 'signal' | 'onProgress'> & { json?: boolean };

export function wrapCommand(): Command {
  return new Command('wrap')
    .description('Make a classifier or detector of your own usable: localised, and silent on everything else')
    .argument('<network>', 'an ONNX file, or the model.json of a TensorFlow.js model')
    .requiredOption('--labels <labels>', 'file with a label a line, or a,b,c: in the order of the outputs')
    .requiredOption('-o, --output <folder>', 'where the model goes')
    .option('--images <dataset>', 'example pictures of the logos, as for `train`: makes it far better')
    .option('--keep-doubtful', 'take the whole of pictures in which the logo is not found for sure')
    .option('--negatives <folders...>', 'pictures that show none of the logos')
    .option('--background <labels...>', 'labels that are no logo, such as "other"')
    .option('--input <size>', 'WIDTHxHEIGHT, where the network does not say', size)
    .addOption(new Option('--layout <order>', 'where the network does not say').choices(['nhwc', 'nchw']))
    .addOption(
      new Option(
        '--normalise <range>',
        'what a byte becomes (default: 0..1; caffe is Keras’ ResNet50)',
      ).choices(NORMALISATIONS),
    )
    .addOption(
      new Option('--output-kind <kind>', 'of a classifier (default: found out)').choices(OUTPUT_KINDS),
    )
    .addOption(
      new Option('--detector <form>', 'form of a detector’s boxes (default: found out)').choices(BOX_FORMS),
    )
    .addOption(
      new Option('--aspect <how>', 'crops are stretched to the input, or keep their aspect').choices([
        'stretch',
        'keep',
      ]),
    )
    .option('--margin <times>', 'side of a crop in sides of the logo', positiveNumber)
    .option('--frames <n>', 'pictures to compose for the fit (default: 500)', positiveInteger)
    .option('--seed <n>', 'same seed, same pictures, same fit', positiveInteger, 1)
    .option('--json', 'print what was fitted as JSON')
    .addHelpText(
      'after',
      `
Examples:
  logowatch wrap resnet50.onnx --labels labels.txt --normalise caffe --images logos/ -o my-model
  logowatch wrap resnet50.onnx --labels acme,globex,other --background other --negatives photos/ -o my-model
  logowatch wrap tfjs/model.json --labels labels.txt --input 224x224 --images logos/ -o my-model
  logowatch wrap yolov8n.onnx --labels labels.txt -o my-model

Keras .h5, SavedModel, PyTorch: docs/your-own-model.md says how to convert them.`,
    )
    .action(run);
}

function size(text: string): { width: number; height: number } {
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  if (!width || !height) throw new InvalidArgumentError('Give WIDTHxHEIGHT, such as 224x224.');
  return { width: Number(width), height: Number(height) };
}

async function run(network: string, options: WrapCommandOptions): Promise<void> {
  const { signal, release } = stopOnSignals();
  let text = 'reading';
  const progress = new ProgressLine(() => text);
  const { json, ...rest } = options;
  try {
    const summary = await wrapModel({
      ...rest,
      network,
      signal,
      onProgress: (line) => {
        text = line;
      },
    });
    progress.close();
    process.stdout.write(json ? `${JSON.stringify(summary)}\n` : describe(summary));
  } catch (error) {
    progress.close();
    if (!signal.aborted) throw error;
    process.stderr.write('logowatch: stopped; nothing was written\n');
    process.exitCode = 1;
  } finally {
    progress.close();
    release();
  }
}

function describe({
  output,
  task,
  input,
  networkOutput,
  fit,
  namedRightly: named,
  frames,
  negatives,
  doubtful,
  falseFrameRate,
  brands,
}: WrapSummary): string {
  const kind = networkOutput.task === 'classifier' ? networkOutput.kind : networkOutput.form;
  const { width, height, layout, normalise, aspect } = input;
  return [
    `${task} of ${networkOutput.classes} classes (${kind}), pictures of ${width}x${height}, ${layout}, ${normalise}, ${aspect}`,
    ...(named === undefined
      ? []
      : [
          `alone it names ${(100 * named).toFixed(0)} % of the composed logos rightly${named < NAMED_MIN ? ': check --normalise, --aspect and the order of --labels' : ''}`,
        ]),
    ...(doubtful === 0 ? [] : [`in ${doubtful} pictures of --images the logo is not found for sure`]),
    fit === 'two-sided'
      ? `fitted on ${frames} composed pictures, ${negatives} of them without a logo`
      : `fitted on ${negatives} pictures without a logo alone: silence is fitted, what a find is worth is not; --images makes it better`,
    `thresholds for ${100 * falseFrameRate} % false pictures${negatives * falseFrameRate < 1 ? ' (extrapolated: more --frames make them surer)' : ''}: ${brands.map((b) => `${b.label} ${b.threshold.toFixed(3)}`).join(', ')}`,
    `model: ${output}`,
    `next: logowatch detect ${output} photo.jpg`,
    '',
  ].join('\n');
}
