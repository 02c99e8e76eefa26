import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitHeads, type HeadsRun } from '../../src/train/fit-heads.js';
import { Mlp, type Parameters } from '../../src/train/head/mlp.js';
import { Rng } from '../../src/train/rng.js';
import { CELL_INPUTS, CROP_INPUTS, type FrameSamples, NO_BRAND } from '../../src/train/samples.js';

const BRANDS = ['acorn', 'birch'];

/** Rows of one label, about a value of its own. */
function frame(rng: Rng, label: number, rows: number): FrameSamples {
  const labels = new Int16Array(rows).fill(label);
  const set = (inputs: number) => ({
    labels,
    data: Float32Array.from({ length: rows * inputs }, (_, i) => rng.normal() + (i % 3 === label ? 2 : 0)),
  });
  return {
    brands: label === NO_BRAND ? [] : [label],
    unclear: false,
    cells: set(CELL_INPUTS),
    crops: set(CROP_INPUTS),
  };
}

test('a brand with photos is known from both heads, one without from composed frames alone', async () => {
  const rng = new Rng(8);
  const frames = [0, 1, NO_BRAND, NO_BRAND].map((label) => frame(rng, label, 40));
  const photos = { frames: [frame(rng, 0, 40)] };
  const stores = {
    store: { frames },
    heldOut: { frames: [] },
    negatives: { frames: [frame(rng, NO_BRAND, 40)] },
  };
  const fit = (count: number) => {
    const photosByBrand = [Array.from({ length: count }, () => ({})), []];
    const run = {
      seed: 1,
      epochs: 1,
      frames: frames.length,
      heldOutFrames: 0,
      dataset: { brands: BRANDS },
      sources: { train: { photosByBrand } },
      options: {},
      report: () => undefined,
    } as unknown as HeadsRun;
    return fitHeads(run, { ...stores, photos }, []);
  };
  const [two, one] = [await fit(3), await fit(2)];
  assert.ok(two.photos !== undefined && one.photos === undefined);
  const x = frame(rng, 0, 12).crops.data;
  const logits = async (parameters: Parameters): Promise<Float32Array> => {
    const [inputs, hidden] = parameters.get('w1')!.shape as [number, number];
    const mlp = await Mlp.open({ inputs, hidden, outputs: BRANDS.length });
    try {
      return await mlp.logits(parameters, x);
    } finally {
      await mlp.close();
    }
  };
  const [blended, composed, photo] = await Promise.all(
    [two.verify, one.verify, two.photos].map((f) => logits(f.parameters)),
  );
  for (let row = 0; row < 12; row++) {
    const [acorn, birch] = [row * 2, row * 2 + 1];
    assert.ok(Math.abs(blended![acorn]! - (composed![acorn]! + photo![acorn]!) / 2) < 1e-3);
    assert.ok(Math.abs(blended![birch]! - composed![birch]!) < 1e-3);
    assert.ok(Math.abs(photo![birch]! - composed![birch]!) > 0.1, 'the photo head never saw the other brand');
  }
});
