import { LogowatchError } from '../../core/errors.js';
import { Composer } from '../compose/composer.js';
import { splitSources } from '../compose/sources.js';
import { type Dataset, invalid } from '../datasets/dataset.js';
import { readNegatives } from '../datasets/negatives.js';
import { readDataset } from '../datasets/read.js';
import type { Described } from './describe.js';

const FRAMES = 500;
const HELD_OUT_SEED = 0x6e1d;

export interface WrapOptions extends Described {
  /** ONNX file, or TensorFlow.js model. */
  readonly network: string;
  /** A file with a label a line, or labels with commas between. */
  readonly labels: string;
  readonly output: string;
  readonly images?: string | undefined;
  readonly negatives?: readonly string[] | undefined;
  /** Labels that are no logo. */
  readonly background?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** Composed pictures that the evidence is fitted on. */
  readonly frames?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** What one wrapping works with. */
export interface Job {
  readonly options: WrapOptions;
  readonly labels: readonly string[];
  readonly channels: readonly number[];
  readonly examples: Composer | undefined;
  readonly heldOut: Composer;
  readonly frames: number;
}

/** Errors: usage, dataset-invalid. */
export async function prepare(options: WrapOptions, all: readonly string[]): Promise<Job> {
  const background = new Set(options.background ?? []);
  for (const label of background)
    if (!all.includes(label))
      throw new LogowatchError('usage', '--background names no class', {
        value: label,
        remedy: `Choose among ${all.join(', ')}`,
      });
  const labels = all.filter((l) => !background.has(l));
  if (labels.length === 0)
    throw new LogowatchError('usage', 'No class is left that is a logo', { remedy: 'Shorten --background' });
  const negatives = await readNegatives(options.negatives ?? []);
  const dataset = await examplesOf(options.images, labels);
  const seed = options.seed ?? 1;
  const sources = splitSources(dataset, negatives, seed);
  const withLogos = options.images !== undefined;
  return {
    options,
    labels,
    channels: labels.map((l) => all.indexOf(l)),
    examples: withLogos ? new Composer(sources.train, seed, 1) : undefined,
    heldOut: withLogos
      ? new Composer(sources.heldOut, seed + HELD_OUT_SEED)
      : new Composer(sources.train, seed + HELD_OUT_SEED, 0),
    frames: options.frames ?? FRAMES,
  };
}

/** The data set with its brands in the order of the labels; without one, a set of labels without pictures. */
async function examplesOf(path: string | undefined, labels: readonly string[]): Promise<Dataset> {
  if (path === undefined)
    return { format: 'none', root: '.', brands: labels, images: [], art: [], negatives: [] };
  const dataset = await readDataset(path);
  const missing = labels.filter((l) => !dataset.brands.includes(l));
  const unknown = dataset.brands.filter((b) => !labels.includes(b));
  if (missing.length > 0 || unknown.length > 0)
    throw invalid(
      missing.length > 0 ? '--images has no pictures of a label' : '--images has a brand that is no label',
      [...missing, ...unknown].join(', '),
      'Name brands in --images as in --labels; leave --images out to fit on background alone',
    );
  return { ...dataset, brands: labels };
}
