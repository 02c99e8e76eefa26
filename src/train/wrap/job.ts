import { LogowatchError } from '../../core/errors.js';
import type { Network } from '../../infer/network.js';
import { loadBank } from '../bank.js';
import { Base } from '../base.js';
import { Composer } from '../compose/composer.js';
import { type Sources, type SplitSources, splitSources } from '../compose/sources.js';
import { type Dataset, invalid } from '../datasets/dataset.js';
import { type Negatives, readNegatives } from '../datasets/negatives.js';
import { readDataset } from '../datasets/read.js';
import { localise, withPlaces } from '../localise.js';
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
  /** Takes pictures in which the logo was not found for sure as wholes, instead of leaving them out. */
  readonly keepDoubtful?: boolean | undefined;
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
  readonly dataset: Dataset;
  readonly negatives: Negatives;
  readonly composers: Composers;
  readonly frames: number;
  /** Pictures without boxes in which the logo was not found for sure. */
  readonly doubtful: number;
}

interface Composers {
  /** Frames with logos, where there are pictures of them. */
  readonly examples: Composer | undefined;
  readonly heldOut: Composer;
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
  return {
    options,
    labels,
    channels: labels.map((l) => all.indexOf(l)),
    dataset,
    negatives,
    composers: composersOf(options, dataset, negatives),
    frames: options.frames ?? FRAMES,
    doubtful: 0,
  };
}

function composersOf({ images, seed = 1 }: WrapOptions, dataset: Dataset, negatives: Negatives): Composers {
  const split = splitSources(dataset, negatives, seed);
  const heldOut = fitSources(split);
  if (images === undefined)
    return { examples: undefined, heldOut: new Composer(heldOut, seed + HELD_OUT_SEED, 0) };
  return {
    examples: new Composer(split.train, seed, 1),
    heldOut: new Composer(heldOut, seed + HELD_OUT_SEED),
  };
}

/**
 * What the fit looks at: logos that were held out, in all that shows none. Wrapping learns nothing from negatives, so
 * that none has to be held out, and thresholds need many.
 */
export function fitSources({ train, heldOut }: SplitSources): Sources {
  return {
    ...heldOut,
    scenes: [...train.scenes, ...heldOut.scenes],
    distractors: [...train.distractors, ...heldOut.distractors],
    distractorArt: [...train.distractorArt, ...heldOut.distractorArt],
  };
}

/** Looks for the logos in pictures without boxes, as training does. Errors: dataset-invalid, image-unreadable. */
export async function withFoundPlaces(job: Job, trunk: Network): Promise<Job> {
  const { options, dataset, negatives } = job;
  if (!dataset.images.some((i) => i.weak)) return job;
  const { signal, onProgress } = options;
  const onPicture = (done: number, total: number): void =>
    onProgress?.(`looking for the logos: ${done}/${total} pictures`);
  const base = await Base.open(trunk);
  try {
    const found = await localise(dataset, { base, bank: await loadBank(), signal, onPicture });
    const keepDoubtful = options.keepDoubtful === true;
    const placed = withPlaces(dataset, found, { keepDoubtful, list: options.images! });
    const doubtful = found.filter((f) => f.doubt !== undefined).length;
    return { ...job, dataset: placed, composers: composersOf(options, placed, negatives), doubtful };
  } finally {
    await base.close();
  }
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
