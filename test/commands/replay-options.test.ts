import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { smoothingOf, timeOf, timeRange } from '../../src/commands/replay-options.js';
import { LogowatchError } from '../../src/core/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'logowatch-replay-options-'));
after(() => rmSync(folder, { recursive: true }));

const hasCode = (code: string) => (e: unknown) => e instanceof LogowatchError && e.code === code;

describe('options of replay', () => {
  it('a time is ISO 8601, or back from now', () => {
    const now = Date.UTC(2026, 0, 31, 12);
    assert.equal(timeOf('2026-01-31T10:00:00Z', now), now - 7_200_000);
    assert.equal(timeOf('2026-01-31T11:00+01:00', now), now - 7_200_000);
    assert.equal(timeOf('-2h', now), now - 7_200_000);
    assert.equal(timeOf('-1h30m', now), now - 5_400_000);
    for (const text of ['', 'yesterday', '10', '-', '-2x', '31.01.2026'])
      assert.throws(() => timeOf(text, now), InvalidArgumentError, text);
  });

  it('a range has an end behind its beginning', () => {
    assert.deepEqual(timeRange(1, 2), { fromMs: 1, toMs: 2 });
    assert.throws(() => timeRange(2, 2), hasCode('usage'));
  });

  it('smoothing is given by keys or by files', async () => {
    const own = join(folder, 'own.yaml');
    writeFileSync(own, 'gapMs: 3000\nonset: { acme: { driftLlr: 1, thresholdLlr: 9 } }\n');
    const config = join(folder, 'config.yaml');
    writeFileSync(config, 'model: my-model\nsmoothing: { minFrames: 4 }\n');
    assert.deepEqual(await smoothingOf([own, 'minFrames=5', 'falsePerHour=0.5']), {
      gapMs: 3000,
      onset: { acme: { driftLlr: 1, thresholdLlr: 9 } },
      minFrames: 5,
      falsePerHour: 0.5,
    });
    assert.deepEqual(await smoothingOf([config]), { minFrames: 4 });
  });

  it('what is no setting is named', async () => {
    await assert.rejects(smoothingOf(['minFrame=5']), /did you mean "minFrames"/);
    await assert.rejects(smoothingOf(['minFrames=many']), hasCode('config-invalid'));
    await assert.rejects(smoothingOf([join(folder, 'none.yaml')]), hasCode('usage'));
  });
});
