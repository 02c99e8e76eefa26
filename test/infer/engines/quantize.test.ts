import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activationQuantisation, quantiseConv } from '../../../src/infer/engines/quantize.js';
import { randomNumbers } from '../support.js';

test('zero is exact, whatever the range', () => {
  assert.deepEqual(activationQuantisation([0, 6]), { scale: 6 / 255, zeroPoint: 0 });
  assert.deepEqual(activationQuantisation([2, 5.1]), { scale: 5.1 / 255, zeroPoint: 0 });
  assert.equal(activationQuantisation([-8, -2]).zeroPoint, 255);
  const { scale, zeroPoint } = activationQuantisation([-1, 3]);
  assert.equal(zeroPoint, 64);
  assert.ok(scale * (255 - zeroPoint) >= 2.99);
});

test('the sum of a window is kept to half a step, each weight to one', () => {
  const random = randomNumbers(3);
  const weights = Float32Array.from({ length: 40 * 25 }, () => random() - 0.5);
  const { weights: rounded, scales } = quantiseConv(weights, new Float32Array(40), 1, 25);
  for (let channel = 0; channel < 40; channel++) {
    const step = scales[channel]!;
    let error = 0;
    for (let i = channel * 25; i < (channel + 1) * 25; i++) {
      const one = rounded[i]! - weights[i]! / step;
      assert.ok(Math.abs(one) <= 1.0001 && Math.abs(rounded[i]!) <= 127);
      error += one;
    }
    assert.ok(Math.abs(error) <= 0.501);
  }
});

test('what rounding adds on average is taken off the bias', () => {
  const weights = Float32Array.of(1, 0.3);
  const plain = quantiseConv(weights, Float32Array.of(1), 0.01, 1);
  const corrected = quantiseConv(weights, Float32Array.of(1), 0.01, 1, (_, input) => [0, 50][input]!);
  const error = 50 * (plain.weights[1]! * plain.scales[0]! - 0.3);
  const shift = (plain.bias[0]! - corrected.bias[0]!) * 0.01 * plain.scales[0]!;
  assert.ok(Math.abs(shift - error) < 1e-4 && Math.abs(error) > 0.01);
});

test('a dead channel with a bias stays within 32 bits', () => {
  const { bias, scales } = quantiseConv(Float32Array.of(1e-30), Float32Array.of(2), 0.02, 1);
  assert.ok(Math.abs(bias[0]! * scales[0]! * 0.02 - 2) < 1e-4);
});

test('weights keep to the greatest step asked for', () => {
  const random = randomNumbers(3);
  const weights = Float32Array.from({ length: 4 * 25 }, () => random() - 0.3);
  for (const most of [63, 127]) {
    const rounded = quantiseConv(weights, new Float32Array(4), 1, 25, undefined, most).weights;
    assert.equal(Math.max(...rounded.map(Math.abs)), most);
  }
});
