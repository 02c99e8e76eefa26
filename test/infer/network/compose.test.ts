import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogowatchError } from '../../../src/core/errors.js';
import { LOOK_OUTPUTS, VERIFY_OUTPUTS } from '../../../src/infer/model/load.js';
import { joinNetworks, withOutputs } from '../../../src/infer/network/compose.js';
import { layerShapes, validateNetwork } from '../../../src/infer/network/shapes.js';
import { loadShippedTrunk } from '../../../src/infer/network/shipped.js';
import { type Network, TRUNK_TAPS, VERIFY_LAYER } from '../../../src/infer/network.js';
import { randomHead, smallNetwork } from '../support.js';

const damaged = (text: RegExp) => (error: LogowatchError) =>
  error.code === 'model-damaged' && text.test(error.message);

test('the shipped trunk has the taps that heads are told of', async () => {
  const shapes = layerShapes(await loadShippedTrunk(), 640, 360);
  for (const { name, stride, channels } of TRUNK_TAPS) {
    const expected = { width: Math.ceil(640 / stride), height: Math.ceil(360 / stride), channels };
    assert.deepEqual(shapes.get(name), expected);
  }
});

test('neither look pays for the other', async () => {
  const trunk = await loadShippedTrunk();
  const head = randomHead(3);
  const look = joinNetworks(trunk, head, LOOK_OUTPUTS);
  assert.ok(look.layers.every((l) => !l.name.startsWith('crop') && l.name !== VERIFY_LAYER));
  assert.ok(!look.tensors.has('crop32.weights'));
  const verify = joinNetworks(trunk, head, VERIFY_OUTPUTS);
  assert.ok(verify.layers.every((l) => !l.name.startsWith('tower')));
  assert.deepEqual(verify.outputs, [VERIFY_LAYER]);
});

test('other outputs of the same network', () => {
  const network = withOutputs(smallNetwork(), ['d']);
  assert.deepEqual(
    network.layers.map((l) => l.name),
    ['a', 'b', 'c', 'd'],
  );
});

test('what does not fit together is refused', () => {
  const network = smallNetwork();
  const broken = (change: Partial<Network>) => () => validateNetwork({ ...network, ...change });
  assert.throws(broken({ outputs: ['nothing'] }), damaged(/output/));
  assert.throws(broken({ outputs: [] }), damaged(/no outputs/));
  assert.throws(broken({ layers: network.layers.slice(1) }), damaged(/no layer before it/));
  assert.throws(broken({ layers: [...network.layers, network.layers[0]!] }), damaged(/one name/));
  const tensors = new Map(network.tensors);
  tensors.delete('b.w');
  assert.throws(broken({ tensors }), damaged(/does not hold/));
  const wrong = new Map(network.tensors).set('b.w', { shape: [5, 5, 7, 1], data: new Float32Array(175) });
  assert.throws(broken({ tensors: wrong }), damaged(/do not fit/));
  const short = new Map(network.tensors).set('b.w', { shape: [5, 5, 8, 1], data: new Float32Array(8) });
  assert.throws(broken({ tensors: short }), damaged(/wrong shape/));
  assert.throws(() => joinNetworks(network, network), damaged(/one name/));
});
