import { resolve } from 'node:path';
import { LogowatchError } from '../core/errors.js';
import type { EngineKind } from '../infer/engines/engine.js';
import type { BrandCalibration, ModelManifest } from '../infer/manifest.js';
import { loadHead, loadModel } from '../infer/model/load.js';
import { saveModel } from '../infer/model/save.js';
import { loadShippedTrunk, shippedTrunk } from '../infer/network/shipped.js';
import type { Network } from '../infer/network.js';
import { mergeBrand, mergeRounding } from './add/merge-model.js';
import { readBrand } from './add/pictures.js';
import { type Bank, heldOutBank, loadBank, trainingBank } from './bank.js';
import { Base } from './base.js';
import { calibrate, PRIOR_ODDS } from './calibrate.js';
import { type ComposedFrame, Composer } from './compose/composer.js';
import { type SplitSources, splitSources } from './compose/sources.js';
import { type Dataset, describeDataset } from './datasets/dataset.js';
import { readNegatives } from './datasets/negatives.js';
import { composeAhead, extract } from './extract.js';
import { bankNegatives, int8Ranges } from './finish.js';
import { exportHead } from './head/export.js';
import { type Fitted, fitHead } from './head/fit.js';
import {
  candidateLogit,
  frameScores,
  type HeldOutFrame,
  logoFree,
  lookAt,
  placeSamples,
  uncalibratedDetector,
} from './held-out.js';
import { localise, withPlaces } from './localise.js';
import { checkOutput } from './model-folder.js';
import type { TrainProgress } from './options.js';
import { CELL_INPUTS, CROP_INPUTS, type FrameSamples } from './samples.js';

const FRAMES = 96;
const HELD_OUT_FRAMES = 24;
/** Of the frames; the bank shows what is no logo. */
const TARGET_SHARE = 0.8;
const EPOCHS = 4;
const HIDDEN = 32;
const RANGE_FRAMES = 8;
const HELD_OUT_SEED = 0x6e1d;

export interface AddBrandOptions {
  /** A model's folder. */
  readonly model: string;
  readonly name: string;
  /** Pictures of the brand, its art, or folders of them; an annotated data set. */
  readonly paths: readonly string[];
  /** Where the model with the brand goes; default the model's own folder. */
  readonly output?: string;
  readonly negatives?: readonly string[];
  /** Takes the place of a brand of that name. */
  readonly replace?: boolean;
  readonly keepDoubtful?: boolean;
  readonly frames?: number;
  readonly heldOutFrames?: number;
  readonly epochs?: number;
  readonly seed?: number;
  readonly engine?: EngineKind;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

export interface AddBrandSummary {
  readonly output: string;
  readonly brand: BrandCalibration;
  /** All brands of the model now. */
  readonly brands: readonly string[];
  readonly pictures: number;
  /** Pictures left out because the logo was not found for sure. */
  readonly doubtful: number;
  /** Of composed frames that show the brand, those in which it is found; they show the same pictures, so it flatters. */
  readonly recall: number;
  readonly seconds: number;
}

interface Job {
  readonly options: AddBrandOptions;
  readonly trunk: Network;
  readonly bank: Bank;
  readonly base: Base;
  readonly seed: number;
  report(phase: TrainProgress['phase'], done: number, total: number, message?: string): void;
}

/**
 * Adds a brand to a trained model without training anything of it again: a head of the brand's own is fitted and put
 * beside the old one. The other brands' logits and calibration stay as they are.
 * Errors: model-missing, model-damaged, model-incompatible, usage, dataset-invalid, image-unreadable, disk-full.
 */
export async function addBrand(options: AddBrandOptions): Promise<AddBrandSummary> {
  const started = Date.now();
  const { model, name } = options;
  const output = options.output ?? model;
  if (resolve(output) !== resolve(model)) await checkOutput(output);
  const { manifest } = await loadModel(model);
  checkModel(manifest, options);
  const dataset = await readBrand(name, options.paths);
  const report: Job['report'] = (phase, done, total, message) =>
    options.onProgress?.({ phase, done, total, ...(message === undefined ? {} : { message }) });
  report('data', 1, 1, describeDataset(dataset));
  const [trunk, bank] = [await loadShippedTrunk(), await loadBank()];
  const base = await Base.open(trunk, options.engine ?? 'onnx-f32');
  try {
    const job: Job = { options, trunk, bank, base, seed: options.seed ?? 1, report };
    const placed = await findPlaces(job, dataset);
    const negatives = await readNegatives(options.negatives ?? []);
    const sources = splitSources(placed, negatives, job.seed);
    const { heads, frames } = await fitBrand(job, sources);
    const others = manifest.brands.filter((b) => b.label !== name).length;
    const calibrated = await calibrateBrand(job, sources, heads, others + 1);
    const merged = mergeBrand(
      await loadHead(model, manifest),
      manifest.brands,
      parametersOf(heads),
      calibrated.brand,
    );
    const measured = manifest.ranges === undefined ? {} : await int8Ranges(trunk, merged.head, frames);
    const pictures = placed.images.length + placed.art.length;
    const seconds = Math.round((Date.now() - started) / 1000);
    const added = { brand: name, pictures, frames: frames.length, recall: calibrated.recall, seconds };
    await saveMerged(output, manifest, merged, {
      ...mergeRounding(manifest, measured, merged),
      candidateLogit: Math.min(manifest.candidateLogit, calibrated.candidateLogit),
      added,
    });
    report('calibrate', 1, 1);
    const doubtful = dataset.images.length - placed.images.length;
    const { brand, recall } = calibrated;
    return { output, brand, brands: merged.brands.map((b) => b.label), pictures, doubtful, recall, seconds };
  } finally {
    await base.close();
  }
}

function checkModel(manifest: ModelManifest, { model, name, replace }: AddBrandOptions): void {
  if (manifest.trunk.weights.sha256 !== shippedTrunk().reference.weights.sha256)
    throw new LogowatchError(
      'model-incompatible',
      'The model was made on another network than the one shipped now',
      {
        value: model,
        remedy: 'Train the model again, with the new brand in its data set',
      },
    );
  if (name.trim() === '') throw new LogowatchError('usage', 'The brand has no name', { value: `"${name}"` });
  if (!replace && manifest.brands.some((b) => b.label === name))
    throw new LogowatchError('usage', 'The model has a brand of that name already', {
      value: name,
      remedy: 'Choose another name, or pass --replace',
    });
}

async function findPlaces({ base, bank, options, report }: Job, dataset: Dataset): Promise<Dataset> {
  const { signal } = options;
  const onPicture = (done: number, total: number): void => report('data', done, total);
  const found = await localise(dataset, { base, bank, signal, onPicture });
  for (const { file, doubt } of found)
    if (doubt !== undefined)
      report('data', 1, 1, `${options.keepDoubtful ? 'taken as a whole' : 'left out'}: ${file}: ${doubt}`);
  const list = options.paths.join(', ');
  return withPlaces(dataset, found, { keepDoubtful: options.keepDoubtful === true, list });
}

interface Heads {
  readonly look: Fitted;
  readonly verify: Fitted;
}

const parametersOf = ({ look, verify }: Heads) => ({ look: look.parameters, verify: verify.parameters });

/** The brand's own head, from composed frames against the bank; some of the frames go on to measure ranges. */
async function fitBrand(
  { base, bank, options, seed, report }: Job,
  sources: SplitSources,
): Promise<{ heads: Heads; frames: ComposedFrame[] }> {
  const { signal } = options;
  const count = options.frames ?? FRAMES;
  const epochs = options.epochs ?? EPOCHS;
  const samples: FrameSamples[] = [];
  const frames: ComposedFrame[] = [];
  for await (const frame of composeAhead(new Composer(sources.train, seed, TARGET_SHARE), 0, count)) {
    signal?.throwIfAborted();
    samples.push(await extract(base, frame, seed, samples.length));
    if (frames.length < RANGE_FRAMES) frames.push(frame);
    report('features', samples.length, count);
  }
  // Nothing is held out of so few pictures, so the last epoch counts.
  const common = {
    hidden: HIDDEN,
    brandCount: 1,
    epochs,
    seed,
    frames: samples,
    bank: trainingBank(bank),
    heldOut: [],
    signal,
  };
  const fit = (
    inputs: number,
    before: number,
    part: (f: FrameSamples) => FrameSamples['cells'],
  ): Promise<Fitted> =>
    fitHead({ ...common, inputs, part, onEpoch: (r) => report('head', before + r.epoch, 2 * epochs) });
  const look = await fit(CELL_INPUTS, 0, (f) => f.cells);
  const verify = await fit(CROP_INPUTS, epochs, (f) => f.crops);
  return { heads: { look, verify }, frames };
}

/**
 * The weights come from frames that show the same pictures, which flatter; the threshold comes from the bank alone, and
 * where it would lie above an even chance the offset is lowered until it does not.
 */
async function calibrateBrand(
  { trunk, bank, options, seed, report }: Job,
  sources: SplitSources,
  heads: Heads,
  brandCount: number,
): Promise<{ brand: BrandCalibration; candidateLogit: number; recall: number }> {
  const { name, signal } = options;
  const count = options.heldOutFrames ?? HELD_OUT_FRAMES;
  const { look, verify } = parametersOf(heads);
  const detector = await uncalibratedDetector(trunk, exportHead(look, verify), [name]);
  const seen: HeldOutFrame[] = [];
  try {
    const composer = new Composer(sources.heldOut, seed + HELD_OUT_SEED, TARGET_SHARE);
    for await (const frame of composeAhead(composer, 0, count)) {
      signal?.throwIfAborted();
      seen.push(await lookAt(detector, frame));
      report('calibrate', seen.length, count + 1);
    }
  } finally {
    await detector.close();
  }
  const samples = placeSamples(seen, 1);
  const negatives = [...logoFree(seen), ...(await bankNegatives(heads, heldOutBank(bank)))];
  const brand = conservative(calibrate([name], samples, negatives, brandCount).brands[0]!);
  return { brand, candidateLogit: candidateLogit(samples), recall: recallOf(seen, brand) };
}

const logit = (p: number): number => Math.log(p / (1 - p));

/** The same decisions, with scores no higher than an even chance for what the bank reaches. */
export function conservative(brand: BrandCalibration): BrandCalibration {
  const over = logit(brand.threshold);
  return over <= 0 ? brand : { ...brand, offset: brand.offset - over, threshold: 0.5 };
}

function recallOf(seen: readonly HeldOutFrame[], brand: BrandCalibration): number {
  const positive = frameScores(seen, [brand]).filter((f) => f.brands.length > 0);
  const least = logit(brand.threshold) - Math.log(PRIOR_ODDS);
  return positive.filter((f) => f.logits[0]! >= least).length / Math.max(1, positive.length);
}

async function saveMerged(
  output: string,
  manifest: ModelManifest,
  merged: ReturnType<typeof mergeBrand>,
  changed: ReturnType<typeof mergeRounding> & { candidateLogit: number; added: unknown },
): Promise<void> {
  const { id, inputs, priorOdds, training } = manifest;
  const { added, ...rounding } = changed;
  const before = Array.isArray(training?.added) ? training.added : [];
  await saveModel(output, {
    manifest: {
      id,
      createdAt: new Date().toISOString(),
      inputs,
      priorOdds,
      ...rounding,
      brands: merged.brands,
      training: { ...training, added: [...before, added] },
    },
    head: merged.head,
    trunk: manifest.trunk,
  });
}
