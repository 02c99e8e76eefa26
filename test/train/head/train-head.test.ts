import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { TRUNK_TAPS } from '../../../src/infer/network.js';
import { FeatureStore } from '../../../src/train/feature-store.js';
import { gridSize, HeadSession } from '../../../src/train/head/head-session.js';
import type { HeadParameters } from '../../../src/train/head/parameters.js';
import { dequantisers } from '../../../src/train/head/quantiser.js';
import { initialState, scoreFrames, trainHead } from '../../../src/train/head/train-head.js';
import { heldOutMetrics } from '../../../src/train/metrics.js';
import { Rng } from '../../../src/train/rng.js';

const [WIDTH, HEIGHT, BRANDS] = [64, 64, 2];
const statistics = new Map(
  TRUNK_TAPS.map(({ stride, channels }) => [
    stride as number,
    { mean: new Array<number>(channels).fill(0), deviation: new Array<number>(channels).fill(1) },
  ]),
);

/** Frames of noise, every other one with a target: what is learned on them does not carry over. */
async function noise(folder: string, name: string, count: number, seed: number): Promise<FeatureStore> {
  const rng = new Rng(seed);
  const store = await FeatureStore.open(folder, name, 'k');
  store.statistics = statistics;
  for (let i = 0; i < count; i++) {
    const codes = new Map(
      TRUNK_TAPS.map(({ stride, channels }) => [
        stride as number,
        Uint8Array.from({ length: gridSize(WIDTH, stride) * gridSize(HEIGHT, stride) * channels }, () =>
          rng.below(256),
        ),
      ]),
    );
    const target = { brand: rng.below(BRANDS), box: [16, 16, 24, 24] as const, ignore: false };
    const targets =
      i % 2 === 0 ? [] : [{ ...target, box: [...target.box] as [number, number, number, number] }];
    await store.append({ width: WIDTH, height: HEIGHT, targets }, codes);
  }
  return store;
}

const values = (parameters: HeadParameters) => [...parameters].map(([name, { data }]) => [name, [...data]]);

test('the best epoch on held-out frames is kept, not the last', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'logowatch-best-'));
  const store = await noise(folder, 'train', 16, 1);
  const heldOut = await noise(folder, 'held-out', 40, 2);
  const session = await HeadSession.open(BRANDS, dequantisers(statistics));
  try {
    const state = initialState(BRANDS, 5);
    const until = (epochs: number) =>
      trainHead(state, {
        session,
        store,
        heldOut,
        brandCount: BRANDS,
        epochs,
        seed: 5,
        onEpoch: async () => {},
      });
    await until(2);
    const recalls = state.history.map((h) => h.meanRecall);
    assert.equal(state.bestMetric, Math.max(...recalls));
    const again = heldOutMetrics(await scoreFrames(session, state.best, heldOut, BRANDS));
    assert.equal(again.meanRecall, state.bestMetric, 'what is kept scores as it was said to');

    // As if an epoch before had been perfect: later ones move the weights, and are not taken.
    const perfect = values(state.best);
    state.bestMetric = 1;
    await until(3);
    assert.deepEqual(values(state.best), perfect);
    assert.notDeepEqual(values(state.average), perfect);

    // As if all before had been worse.
    state.bestMetric = -1;
    await until(4);
    assert.deepEqual(values(state.best), values(state.average));
    assert.equal(state.bestMetric, state.history.at(-1)?.meanRecall);
  } finally {
    await session.close();
    await store.close();
    await heldOut.close();
    await rm(folder, { recursive: true });
  }
});
