import { resolve } from 'node:path';
import { LogowatchError } from '../core/errors.js';
import type { BrandCalibration, ModelManifest } from '../infer/manifest.js';
import { loadHead, loadModel } from '../infer/model/load.js';
import { saveModel } from '../infer/model/save.js';
import { loadShippedTrunk, shippedTrunk } from '../infer/network/shipped.js';
import { calibrateBrand, fitBrand, type Job, parametersOf } from './add/fit-brand.js';
import { mergeBrand, mergeRounding } from './add/merge-model.js';
import { readBrand } from './add/pictures.js';
import { loadBank } from './bank.js';
import { Base } from './base.js';
import { splitSources } from './compose/sources.js';
import { type Dataset, describeDataset } from './datasets/dataset.js';
import { readNegatives } from './datasets/negatives.js';
import { int8Ranges } from './finish.js';
import { localise, withPlaces } from './localise.js';
import { checkOutput } from './model-folder.js';
import type { AddBrandOptions } from './options.js';

export type { AddBrandOptions } from './options.js';

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
    const others = manifest.brands.filter((b) => b.label !== name);
    const calibrated = await calibrateBrand(job, sources, heads, others);
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
