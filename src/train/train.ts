import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LogowatchError } from '../core/errors.js';
import { createEngine } from '../infer/engines/create.js';
import { loadShippedTrunk, shippedTrunk } from '../infer/network/shipped.js';
import type { Network } from '../infer/network.js';
import { Composer } from './compose/composer.js';
import { splitSources } from './compose/sources.js';
import { describeDataset } from './datasets/dataset.js';
import { readNegatives } from './datasets/negatives.js';
import { readDatasets } from './datasets/read.js';
import { FeatureStore } from './feature-store.js';
import { extractFeatures } from './features.js';
import { finish } from './finish.js';
import { HeadSession } from './head/head-session.js';
import { dequantisers } from './head/quantiser.js';
import { type HeadState, scoreFrames, trainHead } from './head/train-head.js';
import { checkOutput } from './model-folder.js';
import type { Run, TrainOptions, TrainSummary } from './options.js';
import { runKey } from './run-key.js';
import { loadState, openWorkFolder, saveState, workFolder } from './state.js';

export type { TrainOptions, TrainProgress, TrainSummary } from './options.js';

const FRAMES_BASE = 2000;
const FRAMES_PER_BRAND = 100;
const FRAMES_MAX = 8000;
const EPOCHS = 6;
/** Held-out frames come from a stream of their own. */
const HELD_OUT_SEED = 0x6e1d;

/**
 * Trains a model from a data set: frames are composed, the shipped trunk's features of them kept, a head fitted to
 * them, its scores calibrated on held-out frames, and the model folder written in one step. An abort by `signal`
 * leaves OUTPUT.partial, from which the same call goes on. Errors: dataset-invalid, image-unreadable, usage, disk-full.
 */
export async function trainModel(options: TrainOptions): Promise<TrainSummary> {
  const started = Date.now();
  const run = await prepare(options);
  const trunk = await loadShippedTrunk();
  const composers = {
    train: new Composer(run.sources.train, run.seed),
    heldOut: new Composer(run.sources.heldOut, run.seed + HELD_OUT_SEED),
  };
  const store = await FeatureStore.open(run.folder, 'train', run.key);
  const heldOut = await FeatureStore.open(run.folder, 'held-out', run.key);
  let session: HeadSession | undefined;
  try {
    await extract(run, trunk, composers, store, heldOut);
    session = await HeadSession.open(run.dataset.brands.length, dequantisers(store.statistics!));
    const state = await fitHead(run, session, store, heldOut);
    run.report('calibrate', 0, 1);
    const scores = await scoreFrames(session, state.best, heldOut, run.dataset.brands.length);
    const summary = await finish(run, {
      trunk,
      state,
      store,
      composer: composers.train,
      scores,
      startedMs: started,
    });
    run.report('calibrate', 1, 1);
    return summary;
  } finally {
    await session?.close();
    await store.close();
    await heldOut.close();
  }
}

async function prepare(options: TrainOptions): Promise<Run> {
  await checkOutput(options.output);
  const report: Run['report'] = (phase, done, total, message) =>
    options.onProgress?.({ phase, done, total, ...(message === undefined ? {} : { message }) });
  report('data', 0, 1);
  const dataset = await readDatasets([options.dataset].flat());
  const negatives = await readNegatives(options.negatives ?? []);
  const seed = options.seed ?? 1;
  const frames =
    options.frames ?? Math.min(FRAMES_MAX, FRAMES_BASE + FRAMES_PER_BRAND * dataset.brands.length);
  const heldOutFrames = options.heldOutFrames ?? Math.max(40, Math.round(frames / 4));
  const epochs = options.epochs ?? EPOCHS;
  const sources = splitSources(dataset, negatives, seed);
  const folder = workFolder(resolve(options.output));
  const key = runKey({ dataset, negatives, seed, trunk: shippedTrunk().reference.weights.sha256 });
  if (options.resume === false) await rm(folder, { recursive: true, force: true });
  await openWorkFolder(folder);
  const others = `; negatives: ${negatives.pictures.length} pictures, ${negatives.distractors.length} photos and ${negatives.art.length} drawings of other logos`;
  report('data', 1, 1, describeDataset(dataset) + others);
  if (sources.sharedBrands.length > 0)
    report(
      'data',
      1,
      1,
      `fewer than 6 files: ${sources.sharedBrands.join(', ')}; held-out frames show the same files in other scenes, so the figures flatter`,
    );
  return { options, dataset, negatives, sources, seed, frames, heldOutFrames, epochs, folder, key, report };
}

async function extract(
  run: Run,
  trunk: Network,
  composers: { train: Composer; heldOut: Composer },
  store: FeatureStore,
  heldOut: FeatureStore,
): Promise<void> {
  if (run.options.resume === true && !store.resumed)
    throw new LogowatchError('usage', 'there is no run of these settings to resume', {
      value: run.folder,
      remedy: 'Leave --resume out, or use the same data set, negatives and seed as before',
    });
  const engine = await createEngine(trunk, { kind: run.options.engine ?? 'onnx-f32' });
  const { signal } = run.options;
  try {
    await extractFeatures({
      composer: composers.train,
      engine,
      store,
      count: run.frames,
      signal,
      onFrame: (n) => run.report('features', n, run.frames),
    });
    heldOut.statistics = store.statistics;
    await extractFeatures({
      composer: composers.heldOut,
      engine,
      store: heldOut,
      count: run.heldOutFrames,
      signal,
      onFrame: (n) => run.report('held-out', n, run.heldOutFrames),
    });
  } finally {
    await engine.close();
  }
}

async function fitHead(
  run: Run,
  session: HeadSession,
  store: FeatureStore,
  heldOut: FeatureStore,
): Promise<HeadState> {
  const { seed, epochs, dataset, folder } = run;
  const key = `${run.key} ${run.frames} ${run.heldOutFrames} ${epochs}`;
  const state = await loadState(folder, key, dataset.brands.length, seed);
  await trainHead(state, {
    session,
    store,
    heldOut,
    brandCount: dataset.brands.length,
    epochs,
    seed,
    signal: run.options.signal,
    onBatch: (done, total) => run.report('head', done, total),
    onEpoch: async (record, after) => {
      await saveState(folder, key, after);
      const { epoch, loss, auroc, recallAt1Percent } = record;
      const total = epochs * store.batches(Array.from(store.frames.keys()), 8).length;
      run.report(
        'head',
        Math.round((epoch / epochs) * total),
        total,
        `epoch ${epoch}/${epochs}: loss ${loss.toFixed(3)}, held-out AUROC ${auroc.toFixed(3)}, recall at 1 % false frames ${recallAt1Percent.toFixed(3)}`,
      );
    },
  });
  return state;
}
