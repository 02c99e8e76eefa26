import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { durationMs, share } from '../../src/commands/options.js';

test('a time is read with and without units', () => {
  const times = { '90': 90_000, '90s': 90_000, '10m': 600_000, '1h30m': 5_400_000, '0.5m': 30_000 };
  for (const [text, ms] of Object.entries(times)) assert.equal(durationMs(text), ms, text);
  for (const text of ['', '0', '-5', '10x', 'm10', '10 m', '1e9h']) {
    assert.throws(() => durationMs(text), InvalidArgumentError, text);
  }
});

test('a share lies between 0 and 1', () => {
  assert.equal(share('0.05'), 0.05);
  for (const text of ['', '0', '1', '1.5', '-0.1', 'half'])
    assert.throws(() => share(text), InvalidArgumentError, text);
});
