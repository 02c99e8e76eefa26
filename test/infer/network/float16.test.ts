import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFloat16, float16ToFloat32, float32ToFloat16 } from '../../../src/infer/network/float16.js';

test('known values of IEEE 754 binary16', () => {
  const known: [number, number][] = [
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x7c00, Infinity],
  ];
  for (const [bits, value] of known) {
    assert.equal(float16ToFloat32(bits), value);
    assert.equal(float32ToFloat16(value), bits);
  }
});

test('every finite value survives the round trip', () => {
  for (let bits = 0; bits < 65536; bits++) {
    if ((bits & 0x7c00) === 0x7c00) continue;
    assert.equal(float32ToFloat16(float16ToFloat32(bits)), bits);
  }
});

test('rounds to nearest, ties to even, and carries into the exponent', () => {
  assert.equal(float32ToFloat16(1 + 1 / 2048), 0x3c00);
  assert.equal(float32ToFloat16(1 + 3 / 2048), 0x3c02);
  assert.equal(float32ToFloat16(1.99999), 0x4000);
  assert.equal(float32ToFloat16(65519), 0x7bff);
  assert.equal(float32ToFloat16(65520), 0x7c00);
  assert.ok(Number.isNaN(float16ToFloat32(float32ToFloat16(Number.NaN))));
});

test('decodes little-endian bytes', () => {
  assert.deepEqual([...decodeFloat16(Uint8Array.of(0x00, 0x3c, 0x00, 0xc0))], [1, -2]);
});
