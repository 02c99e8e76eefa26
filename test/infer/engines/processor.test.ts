import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasWideInt8, int8WeightMax } from '../../../src/infer/engines/processor.js';

test('ARM always, x86 where Linux tells of VNNI', () => {
  assert.equal(hasWideInt8('arm64'), true);
  assert.equal(
    hasWideInt8('x64', () => 'model : 1\nflags\t\t: fpu avx2 avx512_vnni sse\n'),
    true,
  );
  assert.equal(
    hasWideInt8('x64', () => 'flags\t\t: fpu avx_vnni\n'),
    true,
  );
  assert.equal(
    hasWideInt8('x64', () => 'model name : vnni\nflags\t\t: fpu avx2 sse\n'),
    false,
  );
  const unknown = () => {
    throw new Error('no such file');
  };
  assert.equal(hasWideInt8('x64', unknown), false);
  assert.equal(hasWideInt8('ia32'), false);
});

test('without wide sums a pair of products fits into 16 bits', () => {
  assert.ok(2 * 255 * int8WeightMax(false) <= 32767);
  assert.equal(int8WeightMax(true), 127);
});
