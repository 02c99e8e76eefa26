import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialParameters, Mlp } from '../../../src/train/head/mlp.js';
import { Rng } from '../../../src/train/rng.js';

const SHAPE = { inputs: 5, hidden: 7, outputs: 3 };
const ROWS = 6;

test('the gradients of a step are the slopes of its loss', async () => {
  const rng = new Rng(1);
  const mlp = await Mlp.open(SHAPE);
  const parameters = initialParameters(SHAPE, 1, rng);
  const fill = (n: number, f: () => number) => Float32Array.from({ length: n }, f);
  const x = fill(ROWS * SHAPE.inputs, () => rng.normal());
  const truth = fill(ROWS * SHAPE.outputs, () => Number(rng.chance(0.3)));
  const weights = fill(ROWS * SHAPE.outputs, () => (rng.chance(0.2) ? 0 : 1));
  const { gradients } = await mlp.step(parameters, x, truth, weights);
  const h = 1e-2;
  for (const [name, { data }] of parameters) {
    for (let i = 0; i < data.length; i += 3) {
      const kept = data[i]!;
      data[i] = kept + h;
      const above = (await mlp.step(parameters, x, truth, weights)).loss;
      data[i] = kept - h;
      const below = (await mlp.step(parameters, x, truth, weights)).loss;
      data[i] = kept;
      const slope = (above - below) / (2 * h);
      assert.ok(Math.abs(slope - gradients.get(name)![i]!) < 2e-3, `${name}[${i}]: ${slope}`);
    }
  }
  await mlp.close();
});

test('the loss is the cross-entropy of the logits, and outputs of weight 0 do not count', async () => {
  const rng = new Rng(2);
  const mlp = await Mlp.open(SHAPE);
  const parameters = initialParameters(SHAPE, 1, rng);
  const x = Float32Array.from({ length: SHAPE.inputs }, () => rng.normal());
  const [a, b] = await mlp.logits(parameters, x);
  const { loss } = await mlp.step(parameters, x, Float32Array.of(1, 0, 1), Float32Array.of(1, 1, 0));
  const expected = Math.log1p(Math.exp(-a!)) + Math.log1p(Math.exp(b!));
  assert.ok(Math.abs(loss - expected) < 1e-5, `${loss} ${expected}`);
  assert.equal((await mlp.logits(parameters, new Float32Array(0))).length, 0);
  await mlp.close();
});
