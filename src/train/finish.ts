import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { calibrate as calibrateInt8 } from '../infer/engines/calibrate.js';
import { LOOK_OUTPUTS, VERIFY_OUTPUTS } from '../infer/model/load.js';
import { joinNetworks } from '../infer/network/compose.js';
import { cropRegion, sampleCrop } from '../infer/network/crop.js';
import { CROP_PX, type Network } from '../infer/network.js';
import type { Bank } from './bank.js';
import { type Calibration, calibrate } from './calibrate.js';
import type { ComposedFrame, Composer } from './compose/composer.js';
import { countByBrand, describeDataset } from './datasets/dataset.js';
import { exportHead } from './head/export.js';
import type { Fitted } from './head/fit.js';
import { Mlp } from './head/mlp.js';
import {
  bankPictures,
  candidateLogit,
  frameScores,
  type HeldOutFrame,
  logoFree,
  lookAt,
  negativeSamples,
  placeSamples,
  uncalibratedDetector,
} from './held-out.js';
import { renderPlaces, writePlaces } from './localise/write.js';
import { type HeldOutMetrics, heldOutMetrics } from './metrics.js';
import { writeModel } from './model-folder.js';
import type { Run, TrainSummary } from './options.js';
import { renderReport } from './report.js';

const RANGE_FRAMES = 32;
const REPORT_FRAMES = 24;

export interface FinishInput {
  readonly trunk: Network;
  readonly heads: { readonly look: Fitted; readonly verify: Fitted; readonly photos?: Fitted };
  readonly composers: { readonly train: Composer; readonly heldOut: Composer };
  /** Bank pictures that no head has learned from. */
  readonly bank: Bank;
  /** Milliseconds since the Unix epoch. */
  readonly startedMs: number;
}

/** Calibrates the fitted heads on held-out frames, writes the model folder with its report, removes the work folder. */
export async function finish(run: Run, input: FinishInput): Promise<TrainSummary> {
  const { dataset, options, epochs, seed, frames } = run;
  const { heads, composers, startedMs } = input;
  const head = exportHead(heads.look.parameters, heads.verify.parameters);
  const seen = await lookAtHeldOut(run, input.trunk, head, composers.heldOut);
  const samples = placeSamples(seen, dataset.brands.length);
  const bank = await bankNegatives(heads, input.bank);
  const calibration = calibrate(
    dataset.brands,
    [...samples, ...negativeSamples(bank, dataset.brands.length)],
    [...logoFree(seen), ...bank],
  );
  const heldOut = heldOutMetrics(frameScores(seen, calibration.brands));
  const examples: ComposedFrame[] = [];
  for (let i = 0; i < Math.min(frames, RANGE_FRAMES); i++) examples.push(await composers.train.frame(i));
  const int8 = await int8Ranges(input.trunk, head, examples);
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  const training = {
    seed,
    frames,
    epochs,
    seconds,
    heldOut,
    falseFrameRate: calibration.falseFrameRate,
    calibrationNegatives: calibration.negatives,
    counts: Object.fromEntries(countByBrand(dataset)),
  };
  const id = options.id ?? resolve(options.output).split(/[/\\]/).at(-1)!;
  const report = await renderReport({
    title: `Training of ${id}`,
    facts: reportFacts(run, heldOut, calibration, seconds),
    curves: [
      { title: 'first look', history: heads.look.history },
      { title: 'second look', history: heads.verify.history },
      ...(heads.photos
        ? [{ title: 'second look, from photos as they are', history: heads.photos.history }]
        : []),
    ],
    brands: dataset.brands,
    frames: examples.slice(0, REPORT_FRAMES),
    places: await renderPlaces(dataset.root, run.places),
  });
  await writeModel({
    output: options.output,
    id,
    head,
    int8,
    brands: calibration.brands,
    candidateLogit: candidateLogit(seen, calibration.brands),
    training,
    report,
  });
  await writePlaces(options.output, dataset.root, run.places);
  await rm(run.folder, { recursive: true, force: true });
  run.report('calibrate', 1, 1);
  return {
    output: options.output,
    brands: dataset.brands,
    frames,
    epochs,
    heldOut,
    calibration: calibration.brands,
    seconds,
  };
}

/** Through the production detector, so that what is calibrated is what will run. */
async function lookAtHeldOut(
  run: Run,
  trunk: Network,
  head: Network,
  composer: Composer,
): Promise<HeldOutFrame[]> {
  const detector = await uncalibratedDetector(trunk, head, run.dataset.brands);
  const seen: HeldOutFrame[] = [];
  try {
    for (let i = 0; i < run.heldOutFrames; i++) {
      run.options.signal?.throwIfAborted();
      seen.push(await lookAt(detector, await composer.frame(i)));
      run.report('calibrate', i, run.heldOutFrames);
    }
  } finally {
    await detector.close();
  }
  return seen;
}

/** What heads make of the bank. */
export async function bankNegatives(
  heads: { readonly look: Fitted; readonly verify: Fitted },
  bank: Bank,
): ReturnType<typeof bankPictures> {
  const open = async ({ parameters }: Fitted) => {
    const [inputs, hidden] = parameters.get('w1')!.shape as [number, number];
    return {
      mlp: await Mlp.open({ inputs, hidden, outputs: parameters.get('b2')!.data.length }),
      parameters,
    };
  };
  const [look, verify] = [await open(heads.look), await open(heads.verify)];
  try {
    return await bankPictures(bank, look, verify);
  } finally {
    await look.mlp.close();
    await verify.mlp.close();
  }
}

/** What 8 bits need to know of both looks, from composed frames. */
export async function int8Ranges(trunk: Network, head: Network, frames: readonly ComposedFrame[]) {
  const { ranges, means } = await calibrateInt8(joinNetworks(trunk, head, LOOK_OUTPUTS), frames);
  const crops = frames.flatMap((frame) =>
    frame.targets.slice(0, 2).map(({ box }) => {
      const data = new Uint8Array(CROP_PX * CROP_PX * 3);
      const content = { x: 0, y: 0, width: frame.width, height: frame.height };
      sampleCrop({ ...frame, content }, cropRegion(box), data);
      return { width: CROP_PX, height: CROP_PX, data };
    }),
  );
  const second =
    crops.length === 0 ? undefined : await calibrateInt8(joinNetworks(trunk, head, VERIFY_OUTPUTS), crops);
  return { ranges, means, ...(second && { cropRanges: second.ranges, cropMeans: second.means }) };
}

function reportFacts(
  run: Run,
  heldOut: HeldOutMetrics,
  calibration: Calibration,
  seconds: number,
): Map<string, string> {
  return new Map([
    ['data', describeDataset(run.dataset)],
    ['frames', `${run.frames} to train on, ${run.heldOutFrames} held out (${heldOut.positives} with a logo)`],
    ['held-out AUROC', heldOut.auroc.toFixed(4)],
    [
      'held-out recall at 1 % and 0.1 % false frames',
      `${heldOut.recallAt1Percent.toFixed(3)}, ${heldOut.recallAt01Percent.toFixed(3)}`,
    ],
    [
      'thresholds',
      `for ${100 * calibration.falseFrameRate} % false pictures, from ${calibration.negatives} pictures: ${calibration.brands.map((b) => `${b.label} ${b.threshold.toFixed(3)}`).join(', ')}`,
    ],
    ['time', `${seconds} s`],
  ]);
}
