import type { BrandCalibration } from '../../infer/manifest.js';
import type { Network } from '../../infer/network.js';
import { type Bank, heldOutBank, trainingBank } from '../bank.js';
import type { Base } from '../base.js';
import { calibrate, PRIOR_ODDS } from '../calibrate.js';
import { type ComposedFrame, Composer } from '../compose/composer.js';
import type { SplitSources } from '../compose/sources.js';
import { composeAhead, extract } from '../extract.js';
import { bankNegatives } from '../finish.js';
import { exportHead } from '../head/export.js';
import { type Fitted, fitHead } from '../head/fit.js';
import {
  candidateLogit,
  frameScores,
  HELD_OUT_SEED,
  type HeldOutFrame,
  logoFree,
  lookAt,
  placeSamples,
  uncalibratedDetector,
} from '../held-out.js';
import type { AddBrandOptions, TrainProgress } from '../options.js';
import { CELL_INPUTS, CROP_INPUTS, type FrameSamples } from '../samples.js';

const FRAMES = 96;
const HELD_OUT_FRAMES = 24;
/** Of the frames; the bank shows what is no logo. */
const TARGET_SHARE = 0.8;
const EPOCHS = 4;
const HIDDEN = 32;
const RANGE_FRAMES = 8;

/** What the steps of adding a brand share. */
export interface Job {
  readonly options: AddBrandOptions;
  readonly trunk: Network;
  readonly bank: Bank;
  readonly base: Base;
  readonly seed: number;
  report(phase: TrainProgress['phase'], done: number, total: number, message?: string): void;
}

export interface Heads {
  readonly look: Fitted;
  readonly verify: Fitted;
}

export const parametersOf = ({ look, verify }: Heads) => ({
  look: look.parameters,
  verify: verify.parameters,
});

/** The brand's own head, from composed frames against the bank; some of the frames go on to measure ranges. */
export async function fitBrand(
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
 * The two looks' weights are those of the model's other brands: a few frames of the same pictures flatter the second
 * look. The threshold comes from the bank, and where it would lie above an even chance the offset is lowered until it
 * does not.
 */
export async function calibrateBrand(
  { trunk, bank, options, seed, report }: Job,
  sources: SplitSources,
  heads: Heads,
  others: readonly BrandCalibration[],
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
  const known = { brandCount: others.length + 1, weights: meanWeights(others) };
  const brand = conservative(calibrate([name], samples, negatives, known).brands[0]!);
  return { brand, candidateLogit: candidateLogit(seen, [brand]), recall: recallOf(seen, brand) };
}

function meanWeights(
  brands: readonly BrandCalibration[],
): Pick<BrandCalibration, 'logo' | 'look' | 'verify'> | undefined {
  if (brands.length === 0) return undefined;
  const mean = (key: 'logo' | 'look' | 'verify'): number =>
    brands.reduce((sum, b) => sum + b[key], 0) / brands.length;
  return { logo: mean('logo'), look: mean('look'), verify: mean('verify') };
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
