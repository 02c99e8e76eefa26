import { type Bank, trainingBank } from './bank.js';
import { type Fitted, fitHead } from './head/fit.js';
import { blendHeads } from './head/merge.js';
import type { Run } from './options.js';
import { CELL_INPUTS, CROP_INPUTS, type FrameSamples, type SampleStore } from './samples.js';

const HIDDEN = { look: 64, verify: 128 };
/** What the second look that learned from photos as they are has to say beside the one that learned from composed frames. */
const PHOTO_SHARE = 0.5;
/** Photos of a brand from which the former knows it. */
const PHOTOS_MIN = 3;

/** Samples of composed frames to train on and to judge by, and of photos and negatives as they are. */
export interface Stores {
  readonly store: SampleStore;
  readonly heldOut: SampleStore;
  readonly photos: SampleStore;
  readonly negatives: SampleStore;
}

/** What of a run the heads depend on. */
export type HeadsRun = Pick<
  Run,
  'seed' | 'epochs' | 'frames' | 'heldOutFrames' | 'dataset' | 'sources' | 'options' | 'report'
>;

/** The heads of both looks; the second's is two in one, where there are photos. */
export async function fitHeads(
  run: HeadsRun,
  { store, heldOut, photos, negatives }: Readonly<Record<keyof Stores, Pick<SampleStore, 'frames'>>>,
  bank: Bank,
): Promise<{ look: Fitted; verify: Fitted; photos?: Fitted }> {
  const { seed, epochs, dataset, sources } = run;
  const shares = sources.train.photosByBrand.map((p) => (p.length >= PHOTOS_MIN ? PHOTO_SHARE : 0));
  const withPhotos = shares.some((share) => share > 0);
  const common = {
    brandCount: dataset.brands.length,
    epochs,
    seed,
    frames: store.frames.slice(0, run.frames),
    bank: [...trainingBank(bank), ...negatives.frames],
    heldOut: heldOut.frames.slice(0, run.heldOutFrames),
    signal: run.options.signal,
  };
  const report = (title: string, before: number) => ({
    onEpoch: (r: Fitted['last']): void =>
      run.report(
        'head',
        before + r.epoch,
        (withPhotos ? 3 : 2) * epochs,
        `${title}, epoch ${r.epoch}/${epochs}: loss ${r.loss.toFixed(3)}, held-out AUROC ${r.auroc.toFixed(3)}, recall at 1 % false frames ${r.recallAt1Percent.toFixed(3)}`,
      ),
  });
  const look = await fitHead({
    ...common,
    ...report('first look', 0),
    inputs: CELL_INPUTS,
    hidden: HIDDEN.look,
    part: (f) => f.cells,
  });
  const second = { inputs: CROP_INPUTS, hidden: HIDDEN.verify, part: (f: FrameSamples) => f.crops };
  const composed = await fitHead({ ...common, ...report('second look', epochs), ...second });
  if (!withPhotos) return { look, verify: composed };
  const title = 'second look, from photos as they are';
  const photo = await fitHead({
    ...common,
    ...report(title, 2 * epochs),
    ...second,
    frames: photos.frames,
    seed: seed + 1,
  });
  const parameters = blendHeads(composed.parameters, photo.parameters, shares);
  return { look, verify: { ...composed, parameters }, photos: photo };
}
