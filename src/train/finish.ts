import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { calibrate as calibrateInt8 } from '../infer/engines/calibrate.js';
import { joinNetworks } from '../infer/network/compose.js';
import type { Network } from '../infer/network.js';
import { type Calibration, calibrate } from './calibrate.js';
import type { ComposedFrame, Composer } from './compose/composer.js';
import { countByBrand, describeDataset } from './datasets/dataset.js';
import type { FeatureStore } from './feature-store.js';
import { exportHead } from './head/export.js';
import type { HeadState } from './head/train-head.js';
import { type FrameScores, type HeldOutMetrics, heldOutMetrics } from './metrics.js';
import { writeModel } from './model-folder.js';
import type { Run, TrainSummary } from './options.js';
import { renderReport } from './report.js';

const RANGE_FRAMES = 32;
const REPORT_FRAMES = 24;

export interface FinishInput {
  readonly trunk: Network;
  readonly state: HeadState;
  readonly store: FeatureStore;
  readonly composer: Composer;
  readonly scores: readonly FrameScores[];
  /** Milliseconds since the Unix epoch. */
  readonly startedMs: number;
}

/** Calibrates the best head, writes the model folder with its report, and removes the work folder. */
export async function finish(run: Run, input: FinishInput): Promise<TrainSummary> {
  const { dataset, options, epochs, seed, frames } = run;
  const { state, store, composer, scores, startedMs } = input;
  const calibration = calibrate(dataset.brands, scores);
  const heldOut = heldOutMetrics(scores);
  const head = exportHead(state.best, store.statistics!);
  const examples: ComposedFrame[] = [];
  for (let i = 0; i < Math.min(frames, RANGE_FRAMES); i++) examples.push(await composer.frame(i));
  const int8 = await calibrateInt8(joinNetworks(input.trunk, head), examples);
  const bestEpoch = state.history.filter((h) => h.meanRecall === state.bestMetric).at(-1)?.epoch ?? epochs;
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  const { falseFrameRate, negatives: calibrationNegatives } = calibration;
  const counts = Object.fromEntries(countByBrand(dataset));
  const training = {
    seed,
    frames,
    epochs,
    bestEpoch,
    seconds,
    heldOut,
    falseFrameRate,
    calibrationNegatives,
    counts,
  };
  const id = options.id ?? resolve(options.output).split(/[/\\]/).at(-1)!;
  const report = await renderReport({
    title: `Training of ${id}`,
    facts: reportFacts(run, heldOut, calibration, bestEpoch, seconds),
    history: state.history,
    brands: dataset.brands,
    frames: examples.slice(0, REPORT_FRAMES),
  });
  await writeModel({
    output: options.output,
    id,
    head,
    int8,
    brands: calibration.brands,
    training,
    report,
  });
  await rm(run.folder, { recursive: true, force: true });
  const { brands } = dataset;
  return {
    output: options.output,
    brands,
    frames,
    epochs,
    bestEpoch,
    heldOut,
    calibration: calibration.brands,
    seconds,
  };
}

function reportFacts(
  run: Run,
  heldOut: HeldOutMetrics,
  calibration: Calibration,
  bestEpoch: number,
  seconds: number,
): Map<string, string> {
  return new Map([
    ['data', describeDataset(run.dataset)],
    ['frames', `${run.frames} to train on, ${run.heldOutFrames} held out (${heldOut.positives} with a logo)`],
    ['best epoch', `${bestEpoch} of ${run.epochs}`],
    ['held-out AUROC', heldOut.auroc.toFixed(4)],
    [
      'held-out recall at 1 % and 0.1 % false frames',
      `${heldOut.recallAt1Percent.toFixed(3)}, ${heldOut.recallAt01Percent.toFixed(3)}`,
    ],
    [
      'threshold',
      `${calibration.brands[0]?.threshold.toFixed(4)} for ${100 * calibration.falseFrameRate} % false frames, from ${calibration.negatives} frames`,
    ],
    ['time', `${seconds} s`],
  ]);
}
