import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasExactInt8 } from '../../../src/infer/engines/processor.js';

test('ARM always, x86 where Linux tells of VNNI', () => {
  assert.equal(hasExactInt8('arm64'), true);
  assert.equal(
    hasExactInt8('x64', () => 'model : 1\nflags\t\t: fpu avx2 avx512_vnni sse\n'),
    true,
  );
  assert.equal(
    hasExactInt8('x64', () => 'flags\t\t: fpu avx_vnni\n'),
    true,
  );
  assert.equal(
    hasExactInt8('x64', () => 'model name : vnni\nflags\t\t: fpu avx2 sse\n'),
    false,
  );
  const unknown = () => {
    throw new Error('no such file');
  };
  assert.equal(hasExactInt8('x64', unknown), false);
  assert.equal(hasExactInt8('ia32'), false);
});
