import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportHead, importHead } from '../../../src/train/head/export.js';
import { blendHeads, joinHeads, withoutOutput } from '../../../src/train/head/merge.js';
import { initialParameters, Mlp, type Parameters } from '../../../src/train/head/mlp.js';
import { Rng } from '../../../src/train/rng.js';
import { CELL_INPUTS, CROP_INPUTS } from '../../../src/train/samples.js';

const INPUTS = 12;
const ROWS = 40;
const rng = new Rng(5);
const x = Float32Array.from({ length: ROWS * INPUTS }, () => rng.uniform(0, 6));
const head = (hidden: number, outputs: number): Parameters =>
  initialParameters({ inputs: INPUTS, hidden, outputs }, 3, rng);

async function logits(parameters: Parameters): Promise<number[][]> {
  const outputs = parameters.get('b2')!.data.length;
  const mlp = await Mlp.open({ inputs: INPUTS, hidden: parameters.get('b1')!.data.length, outputs });
  try {
    const z = await mlp.logits(parameters, x);
    return Array.from({ length: ROWS }, (_, n) => [...z.slice(n * outputs, (n + 1) * outputs)]);
  } finally {
    await mlp.close();
  }
}

function near(a: readonly number[][], b: readonly number[][]): void {
  assert.deepEqual([a.length, a[0]!.length], [b.length, b[0]!.length]);
  a.forEach((row, n) => {
    row.forEach((v, k) => {
      assert.ok(Math.abs(v - b[n]![k]!) < 1e-5, `row ${n}, output ${k}: ${v} ${b[n]![k]}`);
    });
  });
}

test('heads side by side give what each gave alone', async () => {
  const [a, b] = [head(7, 3), head(4, 1)];
  const [alone, other, both] = [await logits(a), await logits(b), await logits(joinHeads(a, b))];
  near(
    both,
    alone.map((row, n) => [...row, ...other[n]!]),
  );
  assert.throws(
    () => joinHeads(a, initialParameters({ inputs: 5, hidden: 2, outputs: 1 }, 1, rng)),
    RangeError,
  );
});

test('a blend gives each output’s share of both heads', async () => {
  const [a, b] = [head(7, 3), head(4, 3)];
  const shares = [0.5, 0, 1];
  const [first, second] = [await logits(a), await logits(b)];
  near(
    await logits(blendHeads(a, b, shares)),
    first.map((row, n) => row.map((v, k) => (1 - shares[k]!) * v + shares[k]! * second[n]![k]!)),
  );
  assert.throws(() => blendHeads(a, b, [0.5]), RangeError);
});

test('an output taken out leaves the others, and takes along the units that it alone read', async () => {
  const [a, b, c] = [head(7, 3), head(4, 1), head(2, 1)];
  const before = await logits(joinHeads(a, c));
  const { parameters, hidden } = withoutOutput(joinHeads(joinHeads(a, b), c), 3);
  assert.deepEqual(hidden, [0, 1, 2, 3, 4, 5, 6, 11, 12]);
  near(await logits(parameters), before);
  const first = withoutOutput(a, 0);
  assert.equal(first.hidden.length, 7, 'units that others read as well stay');
  near(
    await logits(first.parameters),
    (await logits(a)).map((row) => row.slice(1)),
  );
});

test('a model can lose its only brand to another', async () => {
  const [a, b] = [head(7, 1), head(4, 1)];
  near(await logits(joinHeads(withoutOutput(a, 0).parameters, b)), await logits(b));
});

test('a head comes back from its layers, and one of another form is refused', () => {
  const shape = { hidden: 4, outputs: 3 };
  const look = initialParameters({ ...shape, inputs: CELL_INPUTS }, 3, rng);
  const verify = initialParameters({ ...shape, inputs: CROP_INPUTS }, 3, rng);
  const network = exportHead(look, verify);
  const back = importHead(network);
  for (const name of ['w1', 'b1', 'w2', 'b2']) {
    assert.deepEqual(back.look.get(name), look.get(name));
    assert.deepEqual(back.verify.get(name), verify.get(name));
  }
  const extra = { ...network.layers[0]!, name: 'more' };
  assert.throws(() => importHead({ ...network, layers: [...network.layers, extra] }), {
    code: 'model-incompatible',
  });
  assert.throws(() => importHead({ ...network, tensors: new Map() }), { code: 'model-incompatible' });
});
