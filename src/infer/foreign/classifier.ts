import type { Box } from '../../core/geometry.js';
import type { CropSource } from '../network/crop.js';
import { foreignUnfit } from './errors.js';
import type { ForeignInput, ForeignNetwork, ForeignOutput } from './foreign.js';
import { foreignRegion, preprocess } from './preprocess.js';

/** Log-odds beyond this are certainty: no float says more. */
const LOG_ODDS_MAX = 60;
const PROBABILITY_MIN = 1e-30;
/** Regions that go through together: all of a live frame's; a still's would take a large network a gigabyte. */
const BATCH = 9;

type ClassifierOutput = Extract<ForeignOutput, { task: 'classifier' }>;

/** A user's classifier at regions of pictures. */
export class ForeignClassifier {
  readonly #network: ForeignNetwork;
  readonly #input: ForeignInput;
  readonly #batch: boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(network: ForeignNetwork, input: ForeignInput) {
    this.#network = network;
    this.#input = input;
    this.#batch = network.dims[0] === undefined;
  }

  get engine(): string {
    return this.#network.engine;
  }

  /** The network's output for each box (pixels): one row a box, one value a class. */
  rows(picture: CropSource, boxes: readonly Box[]): Promise<Float32Array[]> {
    const result = this.#last.then(() => this.#rows(picture, boxes));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#network.close();
  }

  async #rows(picture: CropSource, boxes: readonly Box[]): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    const step = this.#batch ? BATCH : 1;
    for (let i = 0; i < boxes.length; i += step) {
      const regions = boxes.slice(i, i + step).map((box) => foreignRegion(box, this.#input));
      const { data, dims } = preprocess(picture, regions, this.#input, this.#network.inputType);
      const [output] = await this.#network.run(data, dims);
      const values = Float32Array.from(output!.data);
      const classes = values.length / regions.length;
      if (!Number.isInteger(classes) || values.some((v) => !Number.isFinite(v)))
        throw foreignUnfit(
          'The classifier does not give a row of finite numbers a picture',
          output!.dims.join('x'),
          'Check --input, --layout and --normalise',
        );
      for (let n = 0; n < regions.length; n++) rows.push(values.slice(n * classes, (n + 1) * classes));
    }
    return rows;
  }
}

/**
 * Log-odds of each brand's class in one row. Of logits, against the other classes and "none of these"
 * (noneLogit), a class whose logit is the energy that background reaches (Liu et al. 2020: energy = logsumexp of the
 * logits): a crop that excites no class then speaks for none, which softmax alone cannot say.
 */
export function brandLogits(
  row: Float32Array,
  output: ClassifierOutput,
  channels: readonly number[],
): Float32Array {
  const clip = (v: number): number => Math.max(-LOG_ODDS_MAX, Math.min(LOG_ODDS_MAX, v));
  if (output.kind === 'sigmoid')
    return Float32Array.from(channels, (k) => {
      const p = Math.min(1 - 1e-7, Math.max(PROBABILITY_MIN, row[k]!));
      return clip(Math.log(p / (1 - p)));
    });
  const logits = output.kind === 'logits' ? row : row.map((p) => Math.log(Math.max(PROBABILITY_MIN, p)));
  const none = output.kind === 'logits' ? (output.noneLogit ?? -Infinity) : -Infinity;
  return Float32Array.from(channels, (k) => {
    const others = [none];
    logits.forEach((v, j) => {
      if (j !== k) others.push(v);
    });
    return clip(logits[k]! - logSumExp(others));
  });
}

export function logSumExp(values: ArrayLike<number>): number {
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!);
  if (most === -Infinity) return most;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i]! - most);
  return most + Math.log(sum);
}
