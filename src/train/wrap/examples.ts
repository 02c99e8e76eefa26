import type { Network } from '../../infer/network.js';
import { loadBank } from '../bank.js';
import { Base } from '../base.js';
import type { Composer } from '../compose/composer.js';
import { invalid } from '../datasets/dataset.js';
import { discriminantHead } from './discriminant.js';
import type { Job } from './job.js';

/** Composed frames whose logos the second look learns from, for each that is looked at for the calibration. */
const EXAMPLE_SHARE = 0.8;
/** A brand with fewer examples than this stays out of composition's luck: more frames are composed. */
const EXAMPLES_MIN = 3;

/** Crops of the user's logos in composed frames, against the bank. */
export async function learnHead(
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
