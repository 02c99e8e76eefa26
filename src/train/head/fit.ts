import { type FrameScores, type HeldOutMetrics, heldOutMetrics } from '../metrics.js';
import { Rng } from '../rng.js';
import { type FrameSamples, NO_BRAND, type SampleSet } from '../samples.js';
import { AdamW } from './adamw.js';
import { copyParameters, initialParameters, Mlp, type Parameters } from './mlp.js';

const ROWS = 512;
/** Of a batch: rows of brands; of the others, half come from the hardest. */
const POSITIVE_SHARE = 0.3;
const HARD_SHARE = 0.5;
/** Of all negatives, those that count as hard. */
const HARDEST = 0.08;
const RATE = 3e-3;
const WARM_UP_STEPS = 50;
const WEIGHT_DECAY = 0.02;
const AVERAGE_DECAY = 0.99;
/** Inputs are dropped at this rate: twenty photos are not a brand. */
const DROPOUT = 0.2;
export const STEPS_PER_EPOCH = 150;
/** Rows that means and deviations are taken from, about; a deviation below this counts as it. */
const SCALE_ROWS = 4000;
const DEVIATION_MIN = 0.02;

export interface EpochRecord extends HeldOutMetrics {
  readonly epoch: number;
  /** Mean of the batches. */
  readonly loss: number;
}

export interface FitOptions {
  readonly inputs: number;
  readonly hidden: number;
  readonly brandCount: number;
  readonly epochs: number;
  readonly seed: number;
  /** Which of a frame's samples are learned from. */
  readonly part: (frame: FrameSamples) => SampleSet;
  /** Frames with brands in them. */
  readonly frames: readonly FrameSamples[];
  /** Pictures without any. */
  readonly bank: readonly FrameSamples[];
  readonly heldOut: readonly FrameSamples[];
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((record: EpochRecord) => void) | undefined;
}

export interface Fitted {
  readonly parameters: Parameters;
  readonly history: readonly EpochRecord[];
  readonly last: EpochRecord;
}

/** One row of a frame's samples. */
interface Row {
  readonly set: SampleSet;
  readonly at: number;
}

/**
 * Fits one look's head; a function of the samples and the seed. The average of the weights at the end counts: the
 * rate has fallen to nothing by then, and held-out frames of the same few photos are no judge of when to stop.
 */
export async function fitHead(options: FitOptions): Promise<Fitted> {
  const { inputs, hidden, brandCount, part } = options;
  const mlp = await Mlp.open({ inputs, hidden, outputs: brandCount });
  try {
    const pool = new Pool(options);
    const rng = new Rng(options.seed, 0x1417, inputs, hidden);
    const parameters = initialParameters(mlp.shape, 1, rng);
    const average = copyParameters(parameters);
    const optimiser = new AdamW(parameters, WEIGHT_DECAY);
    const history: EpochRecord[] = [];
    const total = options.epochs * STEPS_PER_EPOCH;
    for (let epoch = 1; epoch <= options.epochs; epoch++) {
      if (epoch > 1) await pool.rank(mlp, folded(average, pool.scale));
      let loss = 0;
      for (let n = 0; n < STEPS_PER_EPOCH; n++) {
        options.signal?.throwIfAborted();
        const { x, truth, weights } = pool.batch(rng);
        const step = await mlp.step(parameters, x, truth, weights);
        const done = optimiser.steps;
        const rate =
          RATE * Math.min(1, (done + 1) / WARM_UP_STEPS) * 0.5 * (1 + Math.cos((Math.PI * done) / total));
        optimiser.step(parameters, step.gradients, rate);
        follow(average, parameters, Math.min(AVERAGE_DECAY, optimiser.steps / (10 + optimiser.steps)));
        loss += step.loss / STEPS_PER_EPOCH;
      }
      const metrics = heldOutMetrics(
        await scoreFrames(mlp, folded(average, pool.scale), options.heldOut, part),
      );
      const record = { epoch, loss, ...metrics };
      history.push(record);
      options.onEpoch?.(record);
    }
    return { parameters: folded(average, pool.scale), history, last: history.at(-1)! };
  } finally {
    await mlp.close();
  }
}

/** Mean and deviation of each input over the negatives. */
interface Scale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Parameters for inputs as they are, from those that were learned on standardised ones. */
function folded(parameters: Parameters, { mean, deviation }: Scale): Parameters {
  const copy = copyParameters(parameters);
  const [w, b] = [copy.get('w1')!.data, copy.get('b1')!.data];
  for (let i = 0; i < mean.length; i++) {
    for (let h = 0; h < b.length; h++) {
      const at = i * b.length + h;
      w[at] = w[at]! / deviation[i]!;
      b[h] = b[h]! - mean[i]! * w[at]!;
    }
  }
  return copy;
}

/** What batches are drawn from. */
class Pool {
  readonly scale: Scale;
  readonly #inputs: number;
  readonly #brandCount: number;
  readonly #byBrand: Row[][];
  readonly #negatives: Row[] = [];
  #hard: Row[] = [];

  constructor({ frames, bank, part, brandCount, inputs }: FitOptions) {
    this.#inputs = inputs;
    this.#brandCount = brandCount;
    this.#byBrand = Array.from({ length: brandCount }, () => []);
    for (const frame of [...frames, ...bank]) {
      const set = part(frame);
      set.labels.forEach((label, at) => {
        (label === NO_BRAND ? this.#negatives : this.#byBrand[label]!).push({ set, at });
      });
    }
    this.scale = this.#measure();
  }

  #measure(): Scale {
    const sums = new Float64Array(this.#inputs);
    const squares = new Float64Array(this.#inputs);
    const every = Math.ceil(this.#negatives.length / SCALE_ROWS);
    let count = 0;
    for (let i = 0; i < this.#negatives.length; i += every, count++) {
      this.#values(this.#negatives[i]!).forEach((v, n) => {
        sums[n] = sums[n]! + v;
        squares[n] = squares[n]! + v * v;
      });
    }
    const mean = Float32Array.from(sums, (sum) => sum / Math.max(1, count));
    const deviation = Float32Array.from(squares, (square, n) =>
      count === 0 ? 1 : Math.max(DEVIATION_MIN, Math.sqrt(Math.max(0, square / count - mean[n]! ** 2))),
    );
    return { mean, deviation };
  }

  #values({ set, at }: Row): Float32Array {
    return set.data.subarray(at * this.#inputs, (at + 1) * this.#inputs);
  }

  /** Finds the hardest negatives anew. */
  async rank(mlp: Mlp, parameters: Parameters): Promise<void> {
    const hardness = new Float32Array(this.#negatives.length);
    const rows = 4096;
    for (let from = 0; from < this.#negatives.length; from += rows) {
      const part = this.#negatives.slice(from, from + rows);
      const x = new Float32Array(part.length * this.#inputs);
      part.forEach((row, n) => {
        x.set(this.#values(row), n * this.#inputs);
      });
      const z = await mlp.logits(parameters, x);
      part.forEach((_, n) => {
        hardness[from + n] = Math.max(...z.subarray(n * this.#brandCount, (n + 1) * this.#brandCount));
      });
    }
    const order = Array.from(hardness.keys()).sort((a, b) => hardness[b]! - hardness[a]! || a - b);
    this.#hard = order
      .slice(0, Math.max(ROWS, Math.round(order.length * HARDEST)))
      .map((i) => this.#negatives[i]!);
  }

  batch(rng: Rng): { x: Float32Array; truth: Float32Array; weights: Float32Array } {
    const k = this.#brandCount;
    const x = new Float32Array(ROWS * this.#inputs);
    const truth = new Float32Array(ROWS * k);
    const weights = new Float32Array(ROWS * k).fill(1);
    const brands = this.#byBrand.flatMap((rows, label) => (rows.length > 0 ? [label] : []));
    const { mean, deviation } = this.scale;
    const kept = 1 / (1 - DROPOUT);
    for (let n = 0; n < ROWS; n++) {
      let row: Row;
      if (brands.length > 0 && (n < ROWS * POSITIVE_SHARE || this.#negatives.length === 0)) {
        const label = rng.pick(brands);
        row = rng.pick(this.#byBrand[label]!);
        truth[n * k + label] = 1;
      } else {
        row =
          this.#hard.length > 0 && rng.chance(HARD_SHARE) ? rng.pick(this.#hard) : rng.pick(this.#negatives);
      }
      const values = this.#values(row);
      const at = n * this.#inputs;
      for (let i = 0; i < values.length; i++)
        x[at + i] = rng.chance(DROPOUT) ? 0 : ((values[i]! - mean[i]!) / deviation[i]!) * kept;
    }
    return { x, truth, weights };
  }
}

function follow(average: Parameters, parameters: Parameters, decay: number): void {
  for (const [name, { data }] of parameters) {
    const a = average.get(name)!.data;
    for (let i = 0; i < a.length; i++) a[i] = a[i]! * decay + data[i]! * (1 - decay);
  }
}

/** The greatest logit of every brand over a frame's samples. */
export async function scoreFrames(
  mlp: Mlp,
  parameters: Parameters,
  frames: readonly FrameSamples[],
  part: (frame: FrameSamples) => SampleSet,
): Promise<FrameScores[]> {
  const scores: FrameScores[] = [];
  const k = mlp.shape.outputs;
  for (const frame of frames) {
    const z = await mlp.logits(parameters, part(frame).data);
    const logits = new Float32Array(k).fill(-30);
    z.forEach((v, i) => {
      if (v > logits[i % k]!) logits[i % k] = v;
    });
    scores.push({ logits, brands: frame.brands, unclear: frame.unclear });
  }
  return scores;
}
