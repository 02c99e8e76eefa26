import { HEAD_STRIDES, TRUNK_TAPS } from '../../infer/network.js';
import type { FeatureStore } from '../feature-store.js';
import { type FrameScores, type HeldOutMetrics, heldOutMetrics } from '../metrics.js';
import { Rng } from '../rng.js';
import { AdamW } from './adamw.js';
import { batchLoss, candidateCells, chooseCandidates, type SamplingOptions } from './batch-loss.js';
import { allCells, gridSize, type HeadSession } from './head-session.js';
import { copyParameters, type HeadParameters, initialParameters } from './parameters.js';

const BATCH = 8;
const RATE = 2e-3;
const WEIGHT_DECAY = 2e-3;
const WARM_UP_STEPS = 100;
const CHANNEL_DROPOUT = 0.1;
const AVERAGE_DECAY = 0.998;
const EVALUATION_BATCH = 4;
const SAMPLING = {
  looked: new Map([
    [8, 0.25],
    [16, 1],
  ]),
  hard: new Map([
    [8, 96],
    [16, 56],
  ]),
  random: new Map([
    [8, 32],
    [16, 16],
  ]),
};

export interface EpochRecord extends HeldOutMetrics {
  readonly epoch: number;
  readonly loss: number;
}

/** All that an epoch leaves behind: from it the next one follows, whether at once or after a restart. */
export interface HeadState {
  epoch: number;
  parameters: HeadParameters;
  optimiser: AdamW;
  /** Exponential moving average of the parameters: what is scored and kept. */
  average: HeadParameters;
  best: HeadParameters;
  bestMetric: number;
  history: EpochRecord[];
}

export interface TrainHeadOptions {
  readonly session: HeadSession;
  readonly store: FeatureStore;
  readonly heldOut: FeatureStore;
  readonly brandCount: number;
  readonly epochs: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onBatch?: ((done: number, total: number, loss: number) => void) | undefined;
  readonly onEpoch: (record: EpochRecord, state: HeadState) => Promise<void>;
}

export function initialState(brandCount: number, seed: number): HeadState {
  const parameters = initialParameters(brandCount, new Rng(seed, 0x1417));
  const optimiser = new AdamW(parameters, WEIGHT_DECAY);
  return {
    epoch: 0,
    parameters,
    optimiser,
    average: copyParameters(parameters),
    best: copyParameters(parameters),
    bestMetric: -1,
    history: [],
  };
}

/** Runs the epochs that are left; each is a function of the state before it, the features and the seed. */
export async function trainHead(state: HeadState, options: TrainHeadOptions): Promise<void> {
  while (state.epoch < options.epochs) {
    const loss = await runEpoch(state, options);
    const metrics = heldOutMetrics(
      await scoreFrames(options.session, state.average, options.heldOut, options.brandCount),
    );
    state.epoch++;
    const record = { epoch: state.epoch, loss, ...metrics };
    state.history.push(record);
    const metric = Number.isNaN(metrics.meanRecall) ? -loss : metrics.meanRecall;
    if (metric >= state.bestMetric || state.epoch === 1) {
      state.bestMetric = metric;
      state.best = copyParameters(state.average);
    }
    await options.onEpoch(record, state);
  }
}

async function runEpoch(state: HeadState, options: TrainHeadOptions): Promise<number> {
  const { session, store, brandCount, signal } = options;
  const rng = new Rng(options.seed, 0xe90c4, state.epoch);
  const order = rng.shuffle(Int32Array.from({ length: store.frames.length }, (_, i) => i));
  const batches = rng.shuffle(store.batches(order, BATCH));
  const total = batches.length * options.epochs;
  const sampling: SamplingOptions = { brandCount, ...SAMPLING };
  let sum = 0;
  for (const [n, indices] of batches.entries()) {
    signal?.throwIfAborted();
    const batch = await store.read(indices);
    const keep = dropout(rng, indices.length);
    const frames = indices.map((i) => store.frames[i]!);
    const candidates = chooseCandidates(frames, rng, sampling);
    const looked = candidateCells(frames, candidates);
    const outputs = await session.forward(state.parameters, batch, looked, keep);
    const { cells, gradients, loss } = batchLoss(frames, candidates, outputs, rng, sampling);
    const parameterGradients = await session.backward(state.parameters, batch, cells, gradients, keep);
    const done = state.epoch * batches.length + n;
    const rate =
      RATE * Math.min(1, (done + 1) / WARM_UP_STEPS) * 0.5 * (1 + Math.cos((Math.PI * done) / total));
    state.optimiser.step(state.parameters, parameterGradients, rate);
    updateAverage(state.average, state.parameters, state.optimiser.steps);
    sum += loss;
    options.onBatch?.(done + 1, total, loss);
  }
  return sum / batches.length;
}

/** Follows closely at first, so that the random start is soon forgotten. */
function updateAverage(average: HeadParameters, parameters: HeadParameters, steps: number): void {
  const decay = Math.min(AVERAGE_DECAY, steps / (10 + steps));
  for (const [name, { data }] of parameters) {
    const a = average.get(name)!.data;
    for (let i = 0; i < a.length; i++) a[i] = a[i]! * decay + data[i]! * (1 - decay);
  }
}

/** Whole channels of a frame are silenced, so that no single one is relied on. */
function dropout(rng: Rng, count: number): Map<number, Float32Array> {
  return new Map(
    TRUNK_TAPS.map(({ stride, channels }) => [
      stride as number,
      Float32Array.from({ length: count * channels }, () =>
        rng.chance(CHANNEL_DROPOUT) ? 0 : 1 / (1 - CHANNEL_DROPOUT),
      ),
    ]),
  );
}

/** The greatest logit of every brand in every frame of a store, as the detector would see it. */
export async function scoreFrames(
  session: HeadSession,
  parameters: HeadParameters,
  store: FeatureStore,
  brandCount: number,
): Promise<FrameScores[]> {
  const scores: FrameScores[] = [];
  const order = Array.from(store.frames.keys());
  for (const indices of store.batches(order, EVALUATION_BATCH)) {
    const batch = await store.read(indices);
    const outputs = await session.forward(parameters, batch, allCells(batch));
    for (const [n, index] of indices.entries()) {
      const logits = new Float32Array(brandCount).fill(-Infinity);
      for (const stride of HEAD_STRIDES) {
        const z = outputs.get(stride)!;
        const size = gridSize(batch.width, stride) * gridSize(batch.height, stride);
        for (let cell = n * size; cell < (n + 1) * size; cell++)
          for (let k = 0; k < brandCount; k++) {
            const v = z[cell * (brandCount + 4) + k]!;
            if (v > logits[k]!) logits[k] = v;
          }
      }
      const { targets } = store.frames[index]!;
      const brands = [...new Set(targets.filter((t) => !t.ignore).map((t) => t.brand))];
      scores[index] = { logits, brands, unclear: brands.length === 0 && targets.length > 0 };
    }
  }
  return scores;
}
