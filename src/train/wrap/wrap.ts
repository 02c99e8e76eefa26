import { resolve } from 'node:path';
import { LogowatchError } from '../../core/errors.js';
import type { ForeignInput, ForeignNetwork, ForeignOutput } from '../../infer/foreign/foreign.js';
import { openForeign } from '../../infer/foreign/open.js';
import { MODEL_FORMAT } from '../../infer/model/schema.js';
import type { WrappedManifest } from '../../infer/model/wrapped.js';
import { loadShippedTrunk, shippedTrunk } from '../../infer/network/shipped.js';
import type { Network } from '../../infer/network.js';
import { createWrapped, type ForeignPlace, type WrappedDetector } from '../../infer/wrapped-detector.js';
import { loadBank } from '../bank.js';
import { Base } from '../base.js';
import { PRIOR_ODDS } from '../calibrate.js';
import { type ComposedFrame, Composer, FRAME_SHAPES } from '../compose/composer.js';
import { splitSources } from '../compose/sources.js';
import { type Dataset, invalid } from '../datasets/dataset.js';
import { readNegatives } from '../datasets/negatives.js';
import { readDataset } from '../datasets/read.js';
import { checkOutput } from '../model-folder.js';
import { type Described, describeInput, describeOutput } from './describe.js';
import { discriminantHead } from './discriminant.js';
import { calibrateBoth, calibrateOneSided, negativesOf, noneLogit, type SeenFrame } from './fit.js';
import { saveWrapped } from './save.js';
import { readForeignSource, readLabels } from './source.js';

const FRAMES = 500;
/** Composed frames whose logos the second look learns from, for each that is looked at for the calibration. */
const EXAMPLE_SHARE = 0.8;
/** A brand with fewer examples than this stays out of composition's luck: more frames are composed. */
const EXAMPLES_MIN = 3;
const PROBES = 4;
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

export interface WrapSummary {
  readonly output: string;
  readonly task: ForeignOutput['task'];
  readonly input: ForeignInput;
  readonly networkOutput: ForeignOutput;
  /** `two-sided`: fitted on logos and background; `one-sided`: on background alone. */
  readonly fit: 'two-sided' | 'one-sided';
  readonly frames: number;
  readonly negatives: number;
  readonly falseFrameRate: number;
  readonly brands: WrappedManifest['brands'];
}

interface Job {
  readonly options: WrapOptions;
  readonly labels: readonly string[];
  readonly channels: readonly number[];
  readonly examples: Composer | undefined;
  readonly heldOut: Composer;
  readonly frames: number;
}

/**
 * Makes a model folder of a user's own classifier or detector: nothing is trained in it, its evidence is fitted.
 * Errors: usage, model-missing, model-damaged, model-incompatible, dataset-invalid, disk-full.
 */
export async function wrapModel(options: WrapOptions): Promise<WrapSummary> {
  await checkOutput(options.output);
  const files = await readForeignSource(options.network);
  const all = await readLabels(options.labels);
  const job = await prepare(options, all);
  const beforeSoftmax = options.detector === undefined && options.outputKind !== 'sigmoid';
  const network = await openForeign(files, { threads: 2, beforeSoftmax });
  let taken = false;
  try {
    const input = describeInput(network, options);
    const probes = await Promise.all(Array.from({ length: PROBES }, (_, i) => job.heldOut.frame(i)));
    const output = await describeOutput(network, input, all.length, options, probes);
    const described = {
      ...input,
      aspect: options.aspect ?? (output.task === 'detector' ? 'keep' : 'stretch'),
    };
    const trunk = await loadShippedTrunk();
    const head = job.examples && (await learnHead(job, trunk, job.examples));
    const manifest = draft(job, described, output, files.kind);
    taken = true;
    const fitted = await fit(job, manifest, { trunk, head, network });
    const { foreign, ...rest } = fitted.manifest;
    await saveWrapped(resolve(options.output), {
      manifest: { ...rest, foreign: { input: described, output: foreign.output } },
      files,
      head,
    });
    return { ...fitted.summary, output: options.output, input: described };
  } finally {
    if (!taken) await network.close();
  }
}

async function prepare(options: WrapOptions, all: readonly string[]): Promise<Job> {
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

function draft(
  { options, labels, channels }: Job,
  input: ForeignInput,
  output: ForeignOutput,
  kind: WrappedManifest['foreign']['kind'],
): WrappedManifest {
  const nothing = { file: 'none', sha256: '' };
  return {
    format: MODEL_FORMAT,
    kind: 'wrapped',
    id: resolve(options.output).split(/[/\\]/).at(-1)!,
    createdAt: new Date().toISOString(),
    inputs: FRAME_SHAPES.map(({ width, height }) => ({ width, height })),
    trunk: shippedTrunk().reference,
    foreign: { kind, main: nothing, parts: [], input, output },
    brands: labels.map((label, k) => ({
      label,
      channel: channels[k]!,
      look: 1,
      verify: 0,
      offset: 0,
      threshold: 0.5,
    })),
    priorOdds: PRIOR_ODDS,
  };
}

/** Crops of the user's logos in composed frames, against the bank. */
async function learnHead(
  { options, labels, frames }: Job,
  trunk: Network,
  composer: Composer,
): Promise<Network> {
  const bank = await loadBank();
  const base = await Base.open(trunk);
  const examples: Float32Array[][] = labels.map(() => []);
  const count = Math.round(frames * EXAMPLE_SHARE);
  try {
    for (let i = 0; i < count || (examples.some((e) => e.length < EXAMPLES_MIN) && i < 4 * count); i++) {
      options.signal?.throwIfAborted();
      const frame = await composer.frame(i);
      const targets = frame.targets.filter((t) => !t.ignore);
      const crops = await base.crops(
        frame,
        targets.map((t) => t.box),
      );
      const width = crops.length / Math.max(1, targets.length);
      targets.forEach((t, n) => {
        examples[t.brand]!.push(crops.slice(n * width, (n + 1) * width));
      });
      options.onProgress?.(`example logos: ${i + 1}/${count} frames`);
    }
  } finally {
    await base.close();
  }
  const none = labels.filter((_, k) => examples[k]!.length === 0);
  if (none.length > 0)
    throw invalid(
      'no logo of a brand could be composed',
      none.join(', '),
      'Raise --frames or give more pictures',
    );
  return discriminantHead(examples, bank);
}

async function fit(
  job: Job,
  drafted: WrappedManifest,
  { trunk, head, network }: { trunk: Network; head: Network | undefined; network: ForeignNetwork },
): Promise<{ manifest: WrappedManifest; summary: Omit<WrapSummary, 'output' | 'input'> }> {
  const { labels, channels, frames } = job;
  const detector = await createWrapped({ manifest: drafted, trunk, head, foreign: network }, '', {
    kind: 'onnx-f32',
  });
  try {
    const seen = await lookAtFrames(job, detector);
    const free = seen.filter((f) => f.frame.targets.length === 0).map((f) => f.places);
    const { output } = drafted.foreign;
    const settled: ForeignOutput =
      output.task === 'classifier' && output.kind === 'logits'
        ? { ...output, noneLogit: noneLogit(free, channels) }
        : output;
    const manifest = { ...drafted, foreign: { ...drafted.foreign, output: settled } };
    const judged = seen.map(
      ({ frame, places }): SeenFrame => ({
        targets: frame.targets,
        places: places.map((p) => detector.candidate(p, settled)),
      }),
    );
    const { brands, negatives, falseFrameRate } =
      head === undefined ? calibrateOneSided(labels, negativesOf(judged)) : calibrateBoth(labels, judged);
    const fitted = brands.map((b, k) => ({ ...b, channel: channels[k]! }));
    const fitKind = head === undefined ? 'one-sided' : 'two-sided';
    const training = { fit: fitKind, frames, negatives, falseFrameRate };
    return {
      manifest: { ...manifest, brands: fitted, training },
      summary: {
        task: output.task,
        networkOutput: settled,
        fit: fitKind,
        frames,
        negatives,
        falseFrameRate,
        brands: fitted,
      },
    };
  } finally {
    await detector.close();
  }
}

interface Looked {
  readonly frame: Pick<ComposedFrame, 'targets'>;
  readonly places: readonly ForeignPlace[];
}

async function lookAtFrames({ options, heldOut, frames }: Job, detector: WrappedDetector): Promise<Looked[]> {
  const seen: Looked[] = [];
  for (let i = 0; i < frames; i++) {
    options.signal?.throwIfAborted();
    const { width, height, data, targets } = await heldOut.frame(i);
    const content = { x: 0, y: 0, width, height };
    seen.push({ frame: { targets }, places: await detector.looks({ width, height, data, content }) });
    options.onProgress?.(`your network on composed pictures: ${i + 1}/${frames}`);
  }
  return seen;
}
