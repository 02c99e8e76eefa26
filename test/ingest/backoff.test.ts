import assert from 'node:assert/strict';
import { it } from 'node:test';
import { backoffMs } from '../../src/ingest/backoff.js';

it('doubles from 1..2 s to 30..60 s and stays there', () => {
  const range = (attempt: number) => [backoffMs(attempt, () => 0), backoffMs(attempt, () => 1)];
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(range), [
    [1_000, 2_000],
    [2_000, 4_000],
    [4_000, 8_000],
    [8_000, 16_000],
    [16_000, 32_000],
    [30_000, 60_000],
  ]);
  assert.deepEqual(range(100_000), [30_000, 60_000]);
});
