import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LogowatchError } from '../core/errors.js';
import { loadShippedTrunk, shippedTrunk } from '../infer/network/shipped.js';
import type { Network } from '../infer/network.js';
import { type Bank, heldOutBank, loadBank } from './bank.js';
import { chooseNegatives, extractNegatives } from './bank-picture.js';
import { Base } from './base.js';
import { Composer } from './compose/composer.js';
import { splitSources } from './compose/sources.js';
import { type Dataset, describeDataset } from './datasets/dataset.js';
import { readNegatives } from './datasets/negatives.js';
import { readDatasets } from './datasets/read.js';
import { extractSamples } from './extract.js';
import { finish } from './finish.js';
import { fitHeads, type Stores } from './fit-heads.js';
import { HELD_OUT_SEED } from './held-out.js';
import { DOUBTFUL_FILE, writePlaces } from './localise/write.js';
import { type FoundPlace, localiseOnce, PICTURES_MAX, withPlaces } from './localise.js';
import { checkOutput } from './model-folder.js';
import type { Run, TrainOptions, TrainProgress, TrainSummary } from './options.js';
import { extractPhotos } from './photos.js';
import { runKey } from './run-key.js';
import { SampleStore } from './samples.js';
import { openWorkFolder, workFolder } from './state.js';

export type { TrainOptions, TrainProgress, TrainSummary } from './options.js';

const FRAMES_BASE = 600;
const FRAMES_PER_BRAND = 100;
const FRAMES_MAX = 6000;
const EPOCHS = 8;

/**
 * Trains a model from a data set: frames are composed, what the shipped network makes of them is kept, the heads of
 * both looks are fitted to that and to the background bank, their scores calibrated on held-out frames, and the model
 * folder written in one step. An abort by `signal` leaves OUTPUT.partial, from which the same call goes on.
 * Errors: dataset-invalid, image-unreadable, usage, disk-full.
 */
export async function trainModel(options: TrainOptions): Promise<TrainSummary> {
  const started = Date.now();
  const trunk = await loadShippedTrunk();
  const bank = await loadBank();
  const run = await prepare(options, trunk, bank);
  const composers = {
    train: new Composer(run.sources.train, run.seed),
    heldOut: new Composer(run.sources.heldOut, run.seed + HELD_OUT_SEED),
  };
  const store = await SampleStore.open(run.folder, 'train', run.key);
  const heldOut = await SampleStore.open(run.folder, 'held-out', run.key);
  const photos = await SampleStore.open(run.folder, 'photos', run.key);
  const negatives = await SampleStore.open(run.folder, 'negatives', run.key);
  const stores = { store, heldOut, photos, negatives };
  try {
    await compose(run, trunk, composers, stores);
    const heads = await fitHeads(run, stores, bank);
    return await finish(run, { trunk, heads, composers, bank: heldOutBank(bank), startedMs: started });
  } finally {
    await store.close();
    await heldOut.close();
    await photos.close();
    await negatives.close();
  }
}

async function prepare(options: TrainOptions, trunk: Network, bank: Bank): Promise<Run> {
  await checkOutput(options.output);
  const report: Run['report'] = (phase, done, total, message) =>
    options.onProgress?.({ phase, done, total, ...(message === undefined ? {} : { message }) });
  report('data', 0, 1);
  const read = await readDatasets([options.dataset].flat());
  const negatives = await readNegatives(options.negatives ?? []);
  const seed = options.seed ?? 1;
  const frames = options.frames ?? Math.min(FRAMES_MAX, FRAMES_BASE + FRAMES_PER_BRAND * read.brands.length);
  const heldOutFrames = options.heldOutFrames ?? Math.max(40, Math.round(frames / 5));
  const epochs = options.epochs ?? EPOCHS;
  const folder = workFolder(resolve(options.output));
  if (options.resume === false) await rm(folder, { recursive: true, force: true });
  await openWorkFolder(folder);
  const others = `; negatives: ${negatives.pictures.length} pictures, ${negatives.distractors.length} photos and ${negatives.art.length} drawings of other logos`;
  report('data', 1, 1, describeDataset(read) + others);
  const keyOf = (dataset: Dataset): string =>
    runKey({ dataset, negatives, seed, trunk: shippedTrunk().reference.weights.sha256 });
  const { dataset, places } = await findPlaces(read, options, {
    folder,
    key: keyOf(read),
    trunk,
    bank,
    report,
  });
  const sources = splitSources(dataset, negatives, seed);
  const key = keyOf(dataset);
  if (sources.sharedBrands.length > 0)
    report(
      'data',
      1,
      1,
      `fewer than 6 files: ${sources.sharedBrands.join(', ')}; held-out frames show the same files in other scenes, so the figures flatter`,
    );
  const common = { options, dataset, negatives, places, sources, folder, key, report };
  return { ...common, seed, frames, heldOutFrames, epochs };
}

/** Looks for the logo in pictures without boxes, and says how it went. */
async function findPlaces(
  dataset: Dataset,
  options: TrainOptions,
  run: Pick<Run, 'folder' | 'key' | 'report'> & { trunk: Network; bank: Bank },
): Promise<{ dataset: Dataset; places: FoundPlace[] }> {
  const weak = dataset.images.filter((i) => i.weak).length;
  if (weak === 0) return { dataset, places: [] };
  const base = await Base.open(run.trunk, options.engine ?? 'onnx-f32');
  try {
    const places = await localiseOnce(
      dataset,
      {
        base,
        bank: run.bank,
        signal: options.signal,
        onPicture: (done, total) => run.report('data', done, total),
      },
      run,
    );
    await writePlaces(run.folder, dataset.root, places);
    const doubtful = places.filter((p) => p.doubt !== undefined).length;
    const kept = options.keepDoubtful ? 'taken as wholes' : 'left out';
    const list = `${doubtful > 0 ? `, ${doubtful} are doubtful and ${kept} (${DOUBTFUL_FILE} says why)` : ''}`;
    const beyond =
      weak > places.length ? `; ${weak - places.length} beyond ${PICTURES_MAX} a brand left out` : '';
    run.report(
      'data',
      places.length,
      places.length,
      `pictures without boxes: the logo was found in ${places.length - doubtful} of ${places.length}${list}${beyond}`,
    );
    const keepDoubtful = options.keepDoubtful === true;
    return {
      dataset: withPlaces(dataset, places, { keepDoubtful, list: join(run.folder, DOUBTFUL_FILE) }),
      places,
    };
  } finally {
    await base.close();
  }
}

async function compose(
  run: Run,
  trunk: Network,
  composers: { train: Composer; heldOut: Composer },
  { store, heldOut, photos, negatives }: Stores,
): Promise<void> {
  if (run.options.resume === true && !store.resumed)
    throw new LogowatchError('usage', 'there is no run of these settings to resume', {
      value: run.folder,
      remedy: 'Leave --resume out, or use the same data set, negatives and seed as before',
    });
  const base = await Base.open(trunk, run.options.engine ?? 'onnx-f32');
  const { signal } = run.options;
  const part = (phase: TrainProgress['phase'], count: number) => ({
    base,
    count,
    signal,
    onFrame: (n: number) => run.report(phase, n, count),
  });
  try {
    await extractSamples({
      ...part('features', run.frames),
      composer: composers.train,
      store,
      seed: run.seed,
    });
    await extractSamples({
      ...part('held-out', run.heldOutFrames),
      composer: composers.heldOut,
      store: heldOut,
      seed: run.seed + HELD_OUT_SEED,
    });
    const { brands } = run.dataset;
    const taken = run.sources.train.photos;
    const files = chooseNegatives(run.sources.train, run.seed);
    const onPhoto = (n: number): void => run.report('photos', n, taken.length + files.length);
    const onPicture = (n: number): void => onPhoto(taken.length + n);
    await extractPhotos({ base, store: photos, brands, photos: taken, seed: run.seed, signal, onPhoto });
    await extractNegatives({ base, store: negatives, files, seed: run.seed, signal, onPicture });
  } finally {
    await base.close();
  }
}
